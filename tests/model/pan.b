	switch (t->back) {
	default: Uerror("bad return move");
	case  0: goto R999; /* nothing to undo */

		 /* CLAIM m5 */
;
		;
		;
		;
		
	case 5: // STATE 13
		;
		p_restor(II);
		;
		;
		goto R999;

		 /* CLAIM m4 */
;
		
	case 6: // STATE 1
		goto R999;

	case 7: // STATE 10
		;
		p_restor(II);
		;
		;
		goto R999;

		 /* PROC world */

	case 8: // STATE 2
		;
		now.expired = trpt->bup.oval;
		;
		goto R999;

	case 9: // STATE 7
		;
		now.blocks = trpt->bup.ovals[2];
		now.src_open = trpt->bup.ovals[1];
		now.meddled = trpt->bup.ovals[0];
		;
		ungrab_ints(trpt->bup.ovals, 3);
		goto R999;

	case 10: // STATE 12
		;
		now.blocks = trpt->bup.ovals[2];
		now.src_open = trpt->bup.ovals[1];
		now.meddled = trpt->bup.ovals[0];
		;
		ungrab_ints(trpt->bup.ovals, 3);
		goto R999;
;
		;
		
	case 12: // STATE 19
		;
		p_restor(II);
		;
		;
		goto R999;

		 /* PROC backward */

	case 13: // STATE 2
		;
		now.rev = trpt->bup.oval;
		;
		goto R999;

	case 14: // STATE 7
		;
		p_restor(II);
		;
		;
		goto R999;

		 /* PROC forward */

	case 15: // STATE 2
		;
		now.fwd = trpt->bup.oval;
		;
		goto R999;

	case 16: // STATE 7
		;
		p_restor(II);
		;
		;
		goto R999;

		 /* PROC app_target */

	case 17: // STATE 2
		;
		now.tgt_w = trpt->bup.oval;
		;
		goto R999;

	case 18: // STATE 5
		;
		now.tgt_txn = trpt->bup.oval;
		;
		goto R999;

	case 19: // STATE 8
		;
		now.tgt_txn = trpt->bup.oval;
		;
		goto R999;

	case 20: // STATE 10
		;
		now.tgt_w = trpt->bup.oval;
		;
		goto R999;
;
		
	case 21: // STATE 13
		goto R999;
;
		
	case 22: // STATE 11
		goto R999;

	case 23: // STATE 18
		;
		p_restor(II);
		;
		;
		goto R999;

		 /* PROC app_source */

	case 24: // STATE 2
		;
		now.src_w = trpt->bup.oval;
		;
		goto R999;

	case 25: // STATE 5
		;
		now.txn = trpt->bup.oval;
		;
		goto R999;

	case 26: // STATE 8
		;
		now.txn = trpt->bup.oval;
		;
		goto R999;

	case 27: // STATE 10
		;
		now.src_w = trpt->bup.oval;
		;
		goto R999;
;
		
	case 28: // STATE 13
		goto R999;
;
		
	case 29: // STATE 11
		goto R999;

	case 30: // STATE 18
		;
		p_restor(II);
		;
		;
		goto R999;

		 /* PROC switcher */
;
		;
		
	case 32: // STATE 2
		;
		now.tries = trpt->bup.oval;
		;
		goto R999;

	case 33: // STATE 3
		;
		now.expired = trpt->bup.oval;
		;
		goto R999;

	case 34: // STATE 4
		;
		now.jr = trpt->bup.oval;
		;
		goto R999;
;
		;
		
	case 36: // STATE 6
		;
		now.crashes = trpt->bup.oval;
		;
		goto R999;
;
		;
		;
		;
		
	case 39: // STATE 14
		;
		now.blocks = trpt->bup.ovals[1];
		now.src_open = trpt->bup.ovals[0];
		;
		ungrab_ints(trpt->bup.ovals, 2);
		goto R999;
;
		;
		
	case 41: // STATE 20
		;
		now.crashes = trpt->bup.oval;
		;
		goto R999;
;
		;
		;
		;
		
	case 44: // STATE 31
		;
		now.jr = trpt->bup.ovals[1];
		now.block_no = trpt->bup.ovals[0];
		;
		ungrab_ints(trpt->bup.ovals, 2);
		goto R999;
;
		;
		
	case 46: // STATE 34
		;
		now.crashes = trpt->bup.oval;
		;
		goto R999;
;
		;
		
	case 48: // STATE 41
		;
		now.jr = trpt->bup.ovals[1];
		now.fence = trpt->bup.ovals[0];
		;
		ungrab_ints(trpt->bup.ovals, 2);
		goto R999;
;
		;
		
	case 50: // STATE 44
		;
		now.crashes = trpt->bup.oval;
		;
		goto R999;
;
		;
		;
		;
		;
		;
		
	case 54: // STATE 55
		;
		now.jr = trpt->bup.oval;
		;
		goto R999;
;
		;
		
	case 56: // STATE 57
		;
		now.crashes = trpt->bup.oval;
		;
		goto R999;
;
		;
		
	case 58: // STATE 63
		;
		now.jr = trpt->bup.oval;
		;
		goto R999;
;
		;
		
	case 60: // STATE 65
		;
		now.crashes = trpt->bup.oval;
		;
		goto R999;
;
		;
		
	case 62: // STATE 72
		;
		now.jr = trpt->bup.oval;
		;
		goto R999;
;
		
	case 63: // STATE 76
		goto R999;

	case 64: // STATE 74
		;
		now.jr = trpt->bup.oval;
		;
		goto R999;
;
		;
		
	case 66: // STATE 79
		;
		now.crashes = trpt->bup.oval;
		;
		goto R999;
;
		;
		
	case 68: // STATE 85
		;
		now.jr = trpt->bup.oval;
		;
		goto R999;
;
		;
		
	case 70: // STATE 87
		;
		now.crashes = trpt->bup.oval;
		;
		goto R999;
;
		;
		;
		;
		
	case 73: // STATE 96
		;
		now.blocks = trpt->bup.ovals[1];
		now.src_open = trpt->bup.ovals[0];
		;
		ungrab_ints(trpt->bup.ovals, 2);
		goto R999;
;
		;
		;
		;
		
	case 76: // STATE 105
		;
		now.crashes = trpt->bup.oval;
		;
		goto R999;

	case 77: // STATE 110
		;
		now.jr = trpt->bup.oval;
		;
		goto R999;
;
		;
		
	case 79: // STATE 112
		;
		now.crashes = trpt->bup.oval;
		;
		goto R999;
;
		;
		;
		;
		
	case 82: // STATE 120
		;
		now.tgt_open = trpt->bup.oval;
		;
		goto R999;
;
		;
		;
		;
		
	case 85: // STATE 129
		;
		now.crashes = trpt->bup.oval;
		;
		goto R999;

	case 86: // STATE 134
		;
		addr_new = trpt->bup.oval;
		;
		goto R999;
;
		;
		
	case 88: // STATE 136
		;
		now.crashes = trpt->bup.oval;
		;
		goto R999;

	case 89: // STATE 141
		;
		now.jr = trpt->bup.oval;
		;
		goto R999;
;
		;
		
	case 91: // STATE 143
		;
		now.crashes = trpt->bup.oval;
		;
		goto R999;
;
		;
		
	case 93: // STATE 149
		;
		now.expired = trpt->bup.oval;
		;
		goto R999;

	case 94: // STATE 150
		;
		now.jr = trpt->bup.oval;
		;
		goto R999;

	case 95: // STATE 151
		;
		now.jr = trpt->bup.oval;
		;
		goto R999;
;
		;
		
	case 97: // STATE 155
		;
		now.crashes = trpt->bup.oval;
		;
		goto R999;
;
		;
		
	case 99: // STATE 161
		;
		now.tgt_open = trpt->bup.oval;
		;
		goto R999;
;
		;
		
	case 101: // STATE 163
		;
		now.crashes = trpt->bup.oval;
		;
		goto R999;
;
		;
		;
		;
		
	case 104: // STATE 173
		;
		now.jr = trpt->bup.oval;
		;
		goto R999;
;
		;
		
	case 106: // STATE 175
		;
		now.crashes = trpt->bup.oval;
		;
		goto R999;
;
		;
		
	case 108: // STATE 182
		;
		now.jr = trpt->bup.ovals[1];
		now.fence = trpt->bup.ovals[0];
		;
		ungrab_ints(trpt->bup.ovals, 2);
		goto R999;
;
		;
		
	case 110: // STATE 185
		;
		now.crashes = trpt->bup.oval;
		;
		goto R999;
;
		;
		;
		;
		;
		;
		
	case 114: // STATE 196
		;
		now.jr = trpt->bup.oval;
		;
		goto R999;
;
		;
		
	case 116: // STATE 198
		;
		now.crashes = trpt->bup.oval;
		;
		goto R999;
;
		;
		
	case 118: // STATE 204
		;
		now.jr = trpt->bup.oval;
		;
		goto R999;
;
		;
		
	case 120: // STATE 206
		;
		now.crashes = trpt->bup.oval;
		;
		goto R999;
;
		;
		;
		;
		
	case 123: // STATE 214
		;
		now.tgt_open = trpt->bup.oval;
		;
		goto R999;
;
		;
		;
		;
		
	case 126: // STATE 223
		;
		now.crashes = trpt->bup.oval;
		;
		goto R999;

	case 127: // STATE 228
		;
		now.jr = trpt->bup.oval;
		;
		goto R999;
;
		;
		
	case 129: // STATE 230
		;
		now.crashes = trpt->bup.oval;
		;
		goto R999;
;
		;
		;
		;
		
	case 132: // STATE 239
		;
		now.blocks = trpt->bup.ovals[1];
		now.src_open = trpt->bup.ovals[0];
		;
		ungrab_ints(trpt->bup.ovals, 2);
		goto R999;
;
		;
		;
		;
		
	case 135: // STATE 248
		;
		now.crashes = trpt->bup.oval;
		;
		goto R999;

	case 136: // STATE 253
		;
		addr_new = trpt->bup.oval;
		;
		goto R999;
;
		;
		
	case 138: // STATE 255
		;
		now.crashes = trpt->bup.oval;
		;
		goto R999;

	case 139: // STATE 260
		;
		now.jr = trpt->bup.oval;
		;
		goto R999;
;
		;
		
	case 141: // STATE 262
		;
		now.crashes = trpt->bup.oval;
		;
		goto R999;
;
		;
		
	case 143: // STATE 268
		;
		now.jr = trpt->bup.oval;
		;
		goto R999;
;
		;
		
	case 145: // STATE 270
		;
		now.crashes = trpt->bup.oval;
		;
		goto R999;
;
		;
		
	case 147: // STATE 276
		;
		now.deleted = trpt->bup.oval;
		;
		goto R999;
;
		;
		
	case 149: // STATE 278
		;
		now.crashes = trpt->bup.oval;
		;
		goto R999;

	case 150: // STATE 283
		;
		now.jr = trpt->bup.oval;
		;
		goto R999;
;
		;
		
	case 152: // STATE 285
		;
		now.crashes = trpt->bup.oval;
		;
		goto R999;
;
		;
		;
		;
		
	case 155: // STATE 297
		;
		p_restor(II);
		;
		;
		goto R999;
	}

