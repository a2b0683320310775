#define rand	pan_rand
#define pthread_equal(a,b)	((a)==(b))
#if defined(HAS_CODE) && defined(VERBOSE)
	#ifdef BFS_PAR
		bfs_printf("Pr: %d Tr: %d\n", II, t->forw);
	#else
		cpu_printf("Pr: %d Tr: %d\n", II, t->forw);
	#endif
#endif
	switch (t->forw) {
	default: Uerror("bad forward move");
	case 0:	/* if without executable clauses */
		continue;
	case 1: /* generic 'goto' or 'skip' */
		IfNotBlocked
		_m = 3; goto P999;
	case 2: /* generic 'else' */
		IfNotBlocked
		if (trpt->o_pm&1) continue;
		_m = 3; goto P999;

		 /* CLAIM m5 */
	case 3: // STATE 1 - _spin_nvr.tmp:12 - [(!((src_open||tgt_open)))] (0:0:0 - 1)
		
#if defined(VERI) && !defined(NP)
#if NCLAIMS>1
		{	static int reported1 = 0;
			if (verbose && !reported1)
			{	int nn = (int) ((Pclaim *)pptr(0))->_n;
				printf("depth %ld: Claim %s (%d), state %d (line %d)\n",
					depth, procname[spin_c_typ[nn]], nn, (int) ((Pclaim *)pptr(0))->_p, src_claim[ (int) ((Pclaim *)pptr(0))->_p ]);
				reported1 = 1;
				fflush(stdout);
		}	}
#else
		{	static int reported1 = 0;
			if (verbose && !reported1)
			{	printf("depth %d: Claim, state %d (line %d)\n",
					(int) depth, (int) ((Pclaim *)pptr(0))->_p, src_claim[ (int) ((Pclaim *)pptr(0))->_p ]);
				reported1 = 1;
				fflush(stdout);
		}	}
#endif
#endif
		reached[7][1] = 1;
		if (!( !((((int)now.src_open)||((int)now.tgt_open)))))
			continue;
		_m = 3; goto P999; /* 0 */
	case 4: // STATE 8 - _spin_nvr.tmp:17 - [(!((src_open||tgt_open)))] (0:0:0 - 1)
		
#if defined(VERI) && !defined(NP)
#if NCLAIMS>1
		{	static int reported8 = 0;
			if (verbose && !reported8)
			{	int nn = (int) ((Pclaim *)pptr(0))->_n;
				printf("depth %ld: Claim %s (%d), state %d (line %d)\n",
					depth, procname[spin_c_typ[nn]], nn, (int) ((Pclaim *)pptr(0))->_p, src_claim[ (int) ((Pclaim *)pptr(0))->_p ]);
				reported8 = 1;
				fflush(stdout);
		}	}
#else
		{	static int reported8 = 0;
			if (verbose && !reported8)
			{	printf("depth %d: Claim, state %d (line %d)\n",
					(int) depth, (int) ((Pclaim *)pptr(0))->_p, src_claim[ (int) ((Pclaim *)pptr(0))->_p ]);
				reported8 = 1;
				fflush(stdout);
		}	}
#endif
#endif
		reached[7][8] = 1;
		if (!( !((((int)now.src_open)||((int)now.tgt_open)))))
			continue;
		_m = 3; goto P999; /* 0 */
	case 5: // STATE 13 - _spin_nvr.tmp:19 - [-end-] (0:0:0 - 1)
		
#if defined(VERI) && !defined(NP)
#if NCLAIMS>1
		{	static int reported13 = 0;
			if (verbose && !reported13)
			{	int nn = (int) ((Pclaim *)pptr(0))->_n;
				printf("depth %ld: Claim %s (%d), state %d (line %d)\n",
					depth, procname[spin_c_typ[nn]], nn, (int) ((Pclaim *)pptr(0))->_p, src_claim[ (int) ((Pclaim *)pptr(0))->_p ]);
				reported13 = 1;
				fflush(stdout);
		}	}
#else
		{	static int reported13 = 0;
			if (verbose && !reported13)
			{	printf("depth %d: Claim, state %d (line %d)\n",
					(int) depth, (int) ((Pclaim *)pptr(0))->_p, src_claim[ (int) ((Pclaim *)pptr(0))->_p ]);
				reported13 = 1;
				fflush(stdout);
		}	}
#endif
#endif
		reached[7][13] = 1;
		if (!delproc(1, II)) continue;
		_m = 3; goto P999; /* 0 */

		 /* CLAIM m4 */
	case 6: // STATE 1 - _spin_nvr.tmp:3 - [(!((!(deleted)||((jr==QUARANTINED)||(jr==DELETED)))))] (6:0:0 - 1)
		
#if defined(VERI) && !defined(NP)
#if NCLAIMS>1
		{	static int reported1 = 0;
			if (verbose && !reported1)
			{	int nn = (int) ((Pclaim *)pptr(0))->_n;
				printf("depth %ld: Claim %s (%d), state %d (line %d)\n",
					depth, procname[spin_c_typ[nn]], nn, (int) ((Pclaim *)pptr(0))->_p, src_claim[ (int) ((Pclaim *)pptr(0))->_p ]);
				reported1 = 1;
				fflush(stdout);
		}	}
#else
		{	static int reported1 = 0;
			if (verbose && !reported1)
			{	printf("depth %d: Claim, state %d (line %d)\n",
					(int) depth, (int) ((Pclaim *)pptr(0))->_p, src_claim[ (int) ((Pclaim *)pptr(0))->_p ]);
				reported1 = 1;
				fflush(stdout);
		}	}
#endif
#endif
		reached[6][1] = 1;
		if (!( !(( !(((int)now.deleted))||((now.jr==2)||(now.jr==1))))))
			continue;
		/* merge: assert(!(!((!(deleted)||((jr==QUARANTINED)||(jr==DELETED))))))(0, 2, 6) */
		reached[6][2] = 1;
		spin_assert( !( !(( !(((int)now.deleted))||((now.jr==2)||(now.jr==1))))), " !( !(( !(deleted)||((jr==2)||(jr==1)))))", II, tt, t);
		/* merge: .(goto)(0, 7, 6) */
		reached[6][7] = 1;
		;
		_m = 3; goto P999; /* 2 */
	case 7: // STATE 10 - _spin_nvr.tmp:8 - [-end-] (0:0:0 - 1)
		
#if defined(VERI) && !defined(NP)
#if NCLAIMS>1
		{	static int reported10 = 0;
			if (verbose && !reported10)
			{	int nn = (int) ((Pclaim *)pptr(0))->_n;
				printf("depth %ld: Claim %s (%d), state %d (line %d)\n",
					depth, procname[spin_c_typ[nn]], nn, (int) ((Pclaim *)pptr(0))->_p, src_claim[ (int) ((Pclaim *)pptr(0))->_p ]);
				reported10 = 1;
				fflush(stdout);
		}	}
#else
		{	static int reported10 = 0;
			if (verbose && !reported10)
			{	printf("depth %d: Claim, state %d (line %d)\n",
					(int) depth, (int) ((Pclaim *)pptr(0))->_p, src_claim[ (int) ((Pclaim *)pptr(0))->_p ]);
				reported10 = 1;
				fflush(stdout);
		}	}
#endif
#endif
		reached[6][10] = 1;
		if (!delproc(1, II)) continue;
		_m = 3; goto P999; /* 0 */

		 /* PROC world */
	case 8: // STATE 1 - switch.pml:235 - [((((((((jr==BLOCKING)||(jr==BLOCKED))||(jr==FENCED))||(jr==VERIFIED))||(jr==ARMED))||(((jr==RB_BLOCKING)||(jr==RB_BLOCKED))||(jr==RB_FENCED)))&&!(expired)))] (16:0:1 - 1)
		IfNotBlocked
		reached[5][1] = 1;
		if (!((((((((now.jr==16)||(now.jr==15))||(now.jr==14))||(now.jr==13))||(now.jr==12))||(((now.jr==8)||(now.jr==7))||(now.jr==6)))&& !(((int)now.expired)))))
			continue;
		/* merge: expired = 1(0, 2, 16) */
		reached[5][2] = 1;
		(trpt+1)->bup.oval = ((int)now.expired);
		now.expired = 1;
#ifdef VAR_RANGES
		logval("expired", ((int)now.expired));
#endif
		;
		/* merge: .(goto)(0, 17, 16) */
		reached[5][17] = 1;
		;
		_m = 3; goto P999; /* 2 */
	case 9: // STATE 4 - switch.pml:238 - [(((((((jr==BLOCKED)||(jr==FENCED))||(jr==VERIFIED))||(jr==ARMED))&&!(src_open))&&(meddled==0)))] (16:0:3 - 1)
		IfNotBlocked
		reached[5][4] = 1;
		if (!(((((((now.jr==15)||(now.jr==14))||(now.jr==13))||(now.jr==12))&& !(((int)now.src_open)))&&(((int)now.meddled)==0))))
			continue;
		/* merge: meddled = (meddled+1)(16, 5, 16) */
		reached[5][5] = 1;
		(trpt+1)->bup.ovals = grab_ints(3);
		(trpt+1)->bup.ovals[0] = ((int)now.meddled);
		now.meddled = (((int)now.meddled)+1);
#ifdef VAR_RANGES
		logval("meddled", ((int)now.meddled));
#endif
		;
		/* merge: src_open = 1(16, 6, 16) */
		reached[5][6] = 1;
		(trpt+1)->bup.ovals[1] = ((int)now.src_open);
		now.src_open = 1;
#ifdef VAR_RANGES
		logval("src_open", ((int)now.src_open));
#endif
		;
		/* merge: blocks = (blocks+1)(16, 7, 16) */
		reached[5][7] = 1;
		(trpt+1)->bup.ovals[2] = ((int)now.blocks);
		now.blocks = (((int)now.blocks)+1);
#ifdef VAR_RANGES
		logval("blocks", ((int)now.blocks));
#endif
		;
		/* merge: .(goto)(0, 17, 16) */
		reached[5][17] = 1;
		;
		_m = 3; goto P999; /* 4 */
	case 10: // STATE 9 - switch.pml:240 - [((((meddled==1)&&src_open)&&(jr==ARMED)))] (16:0:3 - 1)
		IfNotBlocked
		reached[5][9] = 1;
		if (!((((((int)now.meddled)==1)&&((int)now.src_open))&&(now.jr==12))))
			continue;
		/* merge: meddled = (meddled+1)(16, 10, 16) */
		reached[5][10] = 1;
		(trpt+1)->bup.ovals = grab_ints(3);
		(trpt+1)->bup.ovals[0] = ((int)now.meddled);
		now.meddled = (((int)now.meddled)+1);
#ifdef VAR_RANGES
		logval("meddled", ((int)now.meddled));
#endif
		;
		/* merge: src_open = 0(16, 11, 16) */
		reached[5][11] = 1;
		(trpt+1)->bup.ovals[1] = ((int)now.src_open);
		now.src_open = 0;
#ifdef VAR_RANGES
		logval("src_open", ((int)now.src_open));
#endif
		;
		/* merge: blocks = (blocks+1)(16, 12, 16) */
		reached[5][12] = 1;
		(trpt+1)->bup.ovals[2] = ((int)now.blocks);
		now.blocks = (((int)now.blocks)+1);
#ifdef VAR_RANGES
		logval("blocks", ((int)now.blocks));
#endif
		;
		/* merge: .(goto)(0, 17, 16) */
		reached[5][17] = 1;
		;
		_m = 3; goto P999; /* 4 */
	case 11: // STATE 14 - switch.pml:242 - [((jr==DELETED))] (0:0:0 - 1)
		IfNotBlocked
		reached[5][14] = 1;
		if (!((now.jr==1)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 12: // STATE 19 - switch.pml:244 - [-end-] (0:0:0 - 3)
		IfNotBlocked
		reached[5][19] = 1;
		if (!delproc(1, II)) continue;
		_m = 3; goto P999; /* 0 */

		 /* PROC backward */
	case 13: // STATE 1 - switch.pml:229 - [((rev<tgt_w))] (4:0:1 - 1)
		IfNotBlocked
		reached[4][1] = 1;
		if (!((((int)now.rev)<((int)now.tgt_w))))
			continue;
		/* merge: rev = (rev+1)(0, 2, 4) */
		reached[4][2] = 1;
		(trpt+1)->bup.oval = ((int)now.rev);
		now.rev = (((int)now.rev)+1);
#ifdef VAR_RANGES
		logval("rev", ((int)now.rev));
#endif
		;
		/* merge: .(goto)(0, 5, 4) */
		reached[4][5] = 1;
		;
		_m = 3; goto P999; /* 2 */
	case 14: // STATE 7 - switch.pml:229 - [-end-] (0:0:0 - 1)
		IfNotBlocked
		reached[4][7] = 1;
		if (!delproc(1, II)) continue;
		_m = 3; goto P999; /* 0 */

		 /* PROC forward */
	case 15: // STATE 1 - switch.pml:228 - [((fwd<src_w))] (4:0:1 - 1)
		IfNotBlocked
		reached[3][1] = 1;
		if (!((((int)now.fwd)<((int)now.src_w))))
			continue;
		/* merge: fwd = (fwd+1)(0, 2, 4) */
		reached[3][2] = 1;
		(trpt+1)->bup.oval = ((int)now.fwd);
		now.fwd = (((int)now.fwd)+1);
#ifdef VAR_RANGES
		logval("fwd", ((int)now.fwd));
#endif
		;
		/* merge: .(goto)(0, 5, 4) */
		reached[3][5] = 1;
		;
		_m = 3; goto P999; /* 2 */
	case 16: // STATE 7 - switch.pml:228 - [-end-] (0:0:0 - 1)
		IfNotBlocked
		reached[3][7] = 1;
		if (!delproc(1, II)) continue;
		_m = 3; goto P999; /* 0 */

		 /* PROC app_target */
	case 17: // STATE 1 - switch.pml:217 - [((tgt_open&&(tgt_w<2)))] (15:0:1 - 1)
		IfNotBlocked
		reached[2][1] = 1;
		if (!((((int)now.tgt_open)&&(((int)now.tgt_w)<2))))
			continue;
		/* merge: tgt_w = (tgt_w+1)(0, 2, 15) */
		reached[2][2] = 1;
		(trpt+1)->bup.oval = ((int)now.tgt_w);
		now.tgt_w = (((int)now.tgt_w)+1);
#ifdef VAR_RANGES
		logval("tgt_w", ((int)now.tgt_w));
#endif
		;
		/* merge: .(goto)(0, 16, 15) */
		reached[2][16] = 1;
		;
		_m = 3; goto P999; /* 2 */
	case 18: // STATE 4 - switch.pml:218 - [(((tgt_open&&!(tgt_txn))&&(tgt_w<2)))] (15:0:1 - 1)
		IfNotBlocked
		reached[2][4] = 1;
		if (!(((((int)now.tgt_open)&& !(((int)now.tgt_txn)))&&(((int)now.tgt_w)<2))))
			continue;
		/* merge: tgt_txn = 1(0, 5, 15) */
		reached[2][5] = 1;
		(trpt+1)->bup.oval = ((int)now.tgt_txn);
		now.tgt_txn = 1;
#ifdef VAR_RANGES
		logval("tgt_txn", ((int)now.tgt_txn));
#endif
		;
		/* merge: .(goto)(0, 16, 15) */
		reached[2][16] = 1;
		;
		_m = 3; goto P999; /* 2 */
	case 19: // STATE 7 - switch.pml:219 - [(tgt_txn)] (12:0:1 - 1)
		IfNotBlocked
		reached[2][7] = 1;
		if (!(((int)now.tgt_txn)))
			continue;
		/* merge: tgt_txn = 0(0, 8, 12) */
		reached[2][8] = 1;
		(trpt+1)->bup.oval = ((int)now.tgt_txn);
		now.tgt_txn = 0;
#ifdef VAR_RANGES
		logval("tgt_txn", ((int)now.tgt_txn));
#endif
		;
		_m = 3; goto P999; /* 1 */
	case 20: // STATE 9 - switch.pml:221 - [((tgt_w<(2+1)))] (15:0:1 - 1)
		IfNotBlocked
		reached[2][9] = 1;
		if (!((((int)now.tgt_w)<(2+1))))
			continue;
		/* merge: tgt_w = (tgt_w+1)(15, 10, 15) */
		reached[2][10] = 1;
		(trpt+1)->bup.oval = ((int)now.tgt_w);
		now.tgt_w = (((int)now.tgt_w)+1);
#ifdef VAR_RANGES
		logval("tgt_w", ((int)now.tgt_w));
#endif
		;
		/* merge: .(goto)(15, 13, 15) */
		reached[2][13] = 1;
		;
		/* merge: .(goto)(0, 16, 15) */
		reached[2][16] = 1;
		;
		_m = 3; goto P999; /* 3 */
	case 21: // STATE 13 - switch.pml:223 - [.(goto)] (0:15:0 - 2)
		IfNotBlocked
		reached[2][13] = 1;
		;
		/* merge: .(goto)(0, 16, 15) */
		reached[2][16] = 1;
		;
		_m = 3; goto P999; /* 1 */
	case 22: // STATE 11 - switch.pml:222 - [(1)] (15:0:0 - 1)
		IfNotBlocked
		reached[2][11] = 1;
		if (!(1))
			continue;
		/* merge: .(goto)(15, 13, 15) */
		reached[2][13] = 1;
		;
		/* merge: .(goto)(0, 16, 15) */
		reached[2][16] = 1;
		;
		_m = 3; goto P999; /* 2 */
	case 23: // STATE 18 - switch.pml:225 - [-end-] (0:0:0 - 1)
		IfNotBlocked
		reached[2][18] = 1;
		if (!delproc(1, II)) continue;
		_m = 3; goto P999; /* 0 */

		 /* PROC app_source */
	case 24: // STATE 1 - switch.pml:205 - [((src_open&&(src_w<2)))] (15:0:1 - 1)
		IfNotBlocked
		reached[1][1] = 1;
		if (!((((int)now.src_open)&&(((int)now.src_w)<2))))
			continue;
		/* merge: src_w = (src_w+1)(0, 2, 15) */
		reached[1][2] = 1;
		(trpt+1)->bup.oval = ((int)now.src_w);
		now.src_w = (((int)now.src_w)+1);
#ifdef VAR_RANGES
		logval("src_w", ((int)now.src_w));
#endif
		;
		/* merge: .(goto)(0, 16, 15) */
		reached[1][16] = 1;
		;
		_m = 3; goto P999; /* 2 */
	case 25: // STATE 4 - switch.pml:206 - [(((src_open&&!(txn))&&(src_w<2)))] (15:0:1 - 1)
		IfNotBlocked
		reached[1][4] = 1;
		if (!(((((int)now.src_open)&& !(((int)now.txn)))&&(((int)now.src_w)<2))))
			continue;
		/* merge: txn = 1(0, 5, 15) */
		reached[1][5] = 1;
		(trpt+1)->bup.oval = ((int)now.txn);
		now.txn = 1;
#ifdef VAR_RANGES
		logval("txn", ((int)now.txn));
#endif
		;
		/* merge: .(goto)(0, 16, 15) */
		reached[1][16] = 1;
		;
		_m = 3; goto P999; /* 2 */
	case 26: // STATE 7 - switch.pml:207 - [(txn)] (12:0:1 - 1)
		IfNotBlocked
		reached[1][7] = 1;
		if (!(((int)now.txn)))
			continue;
		/* merge: txn = 0(0, 8, 12) */
		reached[1][8] = 1;
		(trpt+1)->bup.oval = ((int)now.txn);
		now.txn = 0;
#ifdef VAR_RANGES
		logval("txn", ((int)now.txn));
#endif
		;
		_m = 3; goto P999; /* 1 */
	case 27: // STATE 9 - switch.pml:209 - [((src_w<(2+1)))] (15:0:1 - 1)
		IfNotBlocked
		reached[1][9] = 1;
		if (!((((int)now.src_w)<(2+1))))
			continue;
		/* merge: src_w = (src_w+1)(15, 10, 15) */
		reached[1][10] = 1;
		(trpt+1)->bup.oval = ((int)now.src_w);
		now.src_w = (((int)now.src_w)+1);
#ifdef VAR_RANGES
		logval("src_w", ((int)now.src_w));
#endif
		;
		/* merge: .(goto)(15, 13, 15) */
		reached[1][13] = 1;
		;
		/* merge: .(goto)(0, 16, 15) */
		reached[1][16] = 1;
		;
		_m = 3; goto P999; /* 3 */
	case 28: // STATE 13 - switch.pml:211 - [.(goto)] (0:15:0 - 2)
		IfNotBlocked
		reached[1][13] = 1;
		;
		/* merge: .(goto)(0, 16, 15) */
		reached[1][16] = 1;
		;
		_m = 3; goto P999; /* 1 */
	case 29: // STATE 11 - switch.pml:210 - [(1)] (15:0:0 - 1)
		IfNotBlocked
		reached[1][11] = 1;
		if (!(1))
			continue;
		/* merge: .(goto)(15, 13, 15) */
		reached[1][13] = 1;
		;
		/* merge: .(goto)(0, 16, 15) */
		reached[1][16] = 1;
		;
		_m = 3; goto P999; /* 2 */
	case 30: // STATE 18 - switch.pml:213 - [-end-] (0:0:0 - 1)
		IfNotBlocked
		reached[1][18] = 1;
		if (!delproc(1, II)) continue;
		_m = 3; goto P999; /* 0 */

		 /* PROC switcher */
	case 31: // STATE 1 - switch.pml:61 - [(((jr==SYNCING)&&(tries<2)))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][1] = 1;
		if (!(((now.jr==17)&&(((int)now.tries)<2))))
			continue;
		_m = 3; goto P999; /* 0 */
	case 32: // STATE 2 - switch.pml:62 - [tries = (tries+1)] (0:0:1 - 1)
		IfNotBlocked
		reached[0][2] = 1;
		(trpt+1)->bup.oval = ((int)now.tries);
		now.tries = (((int)now.tries)+1);
#ifdef VAR_RANGES
		logval("tries", ((int)now.tries));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 33: // STATE 3 - switch.pml:63 - [expired = 0] (0:0:1 - 1)
		IfNotBlocked
		reached[0][3] = 1;
		(trpt+1)->bup.oval = ((int)now.expired);
		now.expired = 0;
#ifdef VAR_RANGES
		logval("expired", ((int)now.expired));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 34: // STATE 4 - switch.pml:64 - [jr = BLOCKING] (0:0:1 - 1)
		IfNotBlocked
		reached[0][4] = 1;
		(trpt+1)->bup.oval = now.jr;
		now.jr = 16;
#ifdef VAR_RANGES
		logval("jr", now.jr);
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 35: // STATE 5 - switch.pml:65 - [((crashes<2))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][5] = 1;
		if (!((((int)now.crashes)<2)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 36: // STATE 6 - switch.pml:65 - [crashes = (crashes+1)] (0:0:1 - 1)
		IfNotBlocked
		reached[0][6] = 1;
		(trpt+1)->bup.oval = ((int)now.crashes);
		now.crashes = (((int)now.crashes)+1);
#ifdef VAR_RANGES
		logval("crashes", ((int)now.crashes));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 37: // STATE 11 - switch.pml:66 - [(((jr==BLOCKING)&&!(expired)))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][11] = 1;
		if (!(((now.jr==16)&& !(((int)now.expired)))))
			continue;
		_m = 3; goto P999; /* 0 */
	case 38: // STATE 12 - switch.pml:68 - [(src_open)] (0:0:0 - 1)
		IfNotBlocked
		reached[0][12] = 1;
		if (!(((int)now.src_open)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 39: // STATE 13 - switch.pml:68 - [src_open = 0] (0:23:2 - 1)
		IfNotBlocked
		reached[0][13] = 1;
		(trpt+1)->bup.ovals = grab_ints(2);
		(trpt+1)->bup.ovals[0] = ((int)now.src_open);
		now.src_open = 0;
#ifdef VAR_RANGES
		logval("src_open", ((int)now.src_open));
#endif
		;
		/* merge: blocks = (blocks+1)(23, 14, 23) */
		reached[0][14] = 1;
		(trpt+1)->bup.ovals[1] = ((int)now.blocks);
		now.blocks = (((int)now.blocks)+1);
#ifdef VAR_RANGES
		logval("blocks", ((int)now.blocks));
#endif
		;
		/* merge: .(goto)(0, 18, 23) */
		reached[0][18] = 1;
		;
		_m = 3; goto P999; /* 2 */
	case 40: // STATE 19 - switch.pml:71 - [((crashes<2))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][19] = 1;
		if (!((((int)now.crashes)<2)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 41: // STATE 20 - switch.pml:71 - [crashes = (crashes+1)] (0:0:1 - 1)
		IfNotBlocked
		reached[0][20] = 1;
		(trpt+1)->bup.oval = ((int)now.crashes);
		now.crashes = (((int)now.crashes)+1);
#ifdef VAR_RANGES
		logval("crashes", ((int)now.crashes));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 42: // STATE 25 - switch.pml:74 - [(!(txn))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][25] = 1;
		if (!( !(((int)now.txn))))
			continue;
		_m = 3; goto P999; /* 0 */
	case 43: // STATE 26 - switch.pml:75 - [(expired)] (0:0:0 - 1)
		IfNotBlocked
		reached[0][26] = 1;
		if (!(((int)now.expired)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 44: // STATE 30 - switch.pml:78 - [block_no = blocks] (0:37:2 - 1)
		IfNotBlocked
		reached[0][30] = 1;
		(trpt+1)->bup.ovals = grab_ints(2);
		(trpt+1)->bup.ovals[0] = ((int)now.block_no);
		now.block_no = ((int)now.blocks);
#ifdef VAR_RANGES
		logval("block_no", ((int)now.block_no));
#endif
		;
		/* merge: jr = BLOCKED(37, 31, 37) */
		reached[0][31] = 1;
		(trpt+1)->bup.ovals[1] = now.jr;
		now.jr = 15;
#ifdef VAR_RANGES
		logval("jr", now.jr);
#endif
		;
		_m = 3; goto P999; /* 1 */
	case 45: // STATE 33 - switch.pml:79 - [((crashes<2))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][33] = 1;
		if (!((((int)now.crashes)<2)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 46: // STATE 34 - switch.pml:79 - [crashes = (crashes+1)] (0:0:1 - 1)
		IfNotBlocked
		reached[0][34] = 1;
		(trpt+1)->bup.oval = ((int)now.crashes);
		now.crashes = (((int)now.crashes)+1);
#ifdef VAR_RANGES
		logval("crashes", ((int)now.crashes));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 47: // STATE 39 - switch.pml:80 - [(((jr==BLOCKED)&&!(expired)))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][39] = 1;
		if (!(((now.jr==15)&& !(((int)now.expired)))))
			continue;
		_m = 3; goto P999; /* 0 */
	case 48: // STATE 40 - switch.pml:81 - [fence = src_w] (0:47:2 - 1)
		IfNotBlocked
		reached[0][40] = 1;
		(trpt+1)->bup.ovals = grab_ints(2);
		(trpt+1)->bup.ovals[0] = ((int)now.fence);
		now.fence = ((int)now.src_w);
#ifdef VAR_RANGES
		logval("fence", ((int)now.fence));
#endif
		;
		/* merge: jr = FENCED(47, 41, 47) */
		reached[0][41] = 1;
		(trpt+1)->bup.ovals[1] = now.jr;
		now.jr = 14;
#ifdef VAR_RANGES
		logval("jr", now.jr);
#endif
		;
		_m = 3; goto P999; /* 1 */
	case 49: // STATE 43 - switch.pml:82 - [((crashes<2))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][43] = 1;
		if (!((((int)now.crashes)<2)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 50: // STATE 44 - switch.pml:82 - [crashes = (crashes+1)] (0:0:1 - 1)
		IfNotBlocked
		reached[0][44] = 1;
		(trpt+1)->bup.oval = ((int)now.crashes);
		now.crashes = (((int)now.crashes)+1);
#ifdef VAR_RANGES
		logval("crashes", ((int)now.crashes));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 51: // STATE 49 - switch.pml:83 - [(((jr==FENCED)&&!(expired)))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][49] = 1;
		if (!(((now.jr==14)&& !(((int)now.expired)))))
			continue;
		_m = 3; goto P999; /* 0 */
	case 52: // STATE 50 - switch.pml:86 - [((fwd>=fence))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][50] = 1;
		if (!((((int)now.fwd)>=((int)now.fence))))
			continue;
		_m = 3; goto P999; /* 0 */
	case 53: // STATE 51 - switch.pml:87 - [(expired)] (0:0:0 - 1)
		IfNotBlocked
		reached[0][51] = 1;
		if (!(((int)now.expired)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 54: // STATE 55 - switch.pml:90 - [jr = VERIFIED] (0:0:1 - 2)
		IfNotBlocked
		reached[0][55] = 1;
		(trpt+1)->bup.oval = now.jr;
		now.jr = 13;
#ifdef VAR_RANGES
		logval("jr", now.jr);
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 55: // STATE 56 - switch.pml:91 - [((crashes<2))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][56] = 1;
		if (!((((int)now.crashes)<2)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 56: // STATE 57 - switch.pml:91 - [crashes = (crashes+1)] (0:0:1 - 1)
		IfNotBlocked
		reached[0][57] = 1;
		(trpt+1)->bup.oval = ((int)now.crashes);
		now.crashes = (((int)now.crashes)+1);
#ifdef VAR_RANGES
		logval("crashes", ((int)now.crashes));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 57: // STATE 62 - switch.pml:92 - [(((jr==VERIFIED)&&!(expired)))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][62] = 1;
		if (!(((now.jr==13)&& !(((int)now.expired)))))
			continue;
		_m = 3; goto P999; /* 0 */
	case 58: // STATE 63 - switch.pml:93 - [jr = ARMED] (0:0:1 - 1)
		IfNotBlocked
		reached[0][63] = 1;
		(trpt+1)->bup.oval = now.jr;
		now.jr = 12;
#ifdef VAR_RANGES
		logval("jr", now.jr);
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 59: // STATE 64 - switch.pml:94 - [((crashes<2))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][64] = 1;
		if (!((((int)now.crashes)<2)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 60: // STATE 65 - switch.pml:94 - [crashes = (crashes+1)] (0:0:1 - 1)
		IfNotBlocked
		reached[0][65] = 1;
		(trpt+1)->bup.oval = ((int)now.crashes);
		now.crashes = (((int)now.crashes)+1);
#ifdef VAR_RANGES
		logval("crashes", ((int)now.crashes));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 61: // STATE 70 - switch.pml:95 - [(((jr==ARMED)&&!(expired)))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][70] = 1;
		if (!(((now.jr==12)&& !(((int)now.expired)))))
			continue;
		_m = 3; goto P999; /* 0 */
	case 62: // STATE 71 - switch.pml:100 - [(((blocks!=block_no)||src_open))] (82:0:1 - 1)
		IfNotBlocked
		reached[0][71] = 1;
		if (!(((((int)now.blocks)!=((int)now.block_no))||((int)now.src_open))))
			continue;
		/* merge: jr = UNBLOCKING(82, 72, 82) */
		reached[0][72] = 1;
		(trpt+1)->bup.oval = now.jr;
		now.jr = 9;
#ifdef VAR_RANGES
		logval("jr", now.jr);
#endif
		;
		/* merge: .(goto)(82, 76, 82) */
		reached[0][76] = 1;
		;
		_m = 3; goto P999; /* 2 */
	case 63: // STATE 76 - switch.pml:104 - [.(goto)] (0:82:0 - 2)
		IfNotBlocked
		reached[0][76] = 1;
		;
		_m = 3; goto P999; /* 0 */
	case 64: // STATE 74 - switch.pml:102 - [jr = SWITCHING] (0:82:1 - 1)
		IfNotBlocked
		reached[0][74] = 1;
		(trpt+1)->bup.oval = now.jr;
		now.jr = 11;
#ifdef VAR_RANGES
		logval("jr", now.jr);
#endif
		;
		/* merge: .(goto)(82, 76, 82) */
		reached[0][76] = 1;
		;
		_m = 3; goto P999; /* 1 */
	case 65: // STATE 78 - switch.pml:105 - [((crashes<2))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][78] = 1;
		if (!((((int)now.crashes)<2)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 66: // STATE 79 - switch.pml:105 - [crashes = (crashes+1)] (0:0:1 - 1)
		IfNotBlocked
		reached[0][79] = 1;
		(trpt+1)->bup.oval = ((int)now.crashes);
		now.crashes = (((int)now.crashes)+1);
#ifdef VAR_RANGES
		logval("crashes", ((int)now.crashes));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 67: // STATE 84 - switch.pml:106 - [(((((((jr==BLOCKING)||(jr==BLOCKED))||(jr==FENCED))||(jr==VERIFIED))||(jr==ARMED))&&expired))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][84] = 1;
		if (!(((((((now.jr==16)||(now.jr==15))||(now.jr==14))||(now.jr==13))||(now.jr==12))&&((int)now.expired))))
			continue;
		_m = 3; goto P999; /* 0 */
	case 68: // STATE 85 - switch.pml:107 - [jr = UNBLOCKING] (0:0:1 - 1)
		IfNotBlocked
		reached[0][85] = 1;
		(trpt+1)->bup.oval = now.jr;
		now.jr = 9;
#ifdef VAR_RANGES
		logval("jr", now.jr);
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 69: // STATE 86 - switch.pml:108 - [((crashes<2))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][86] = 1;
		if (!((((int)now.crashes)<2)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 70: // STATE 87 - switch.pml:108 - [crashes = (crashes+1)] (0:0:1 - 1)
		IfNotBlocked
		reached[0][87] = 1;
		(trpt+1)->bup.oval = ((int)now.crashes);
		now.crashes = (((int)now.crashes)+1);
#ifdef VAR_RANGES
		logval("crashes", ((int)now.crashes));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 71: // STATE 92 - switch.pml:109 - [((jr==UNBLOCKING))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][92] = 1;
		if (!((now.jr==9)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 72: // STATE 93 - switch.pml:111 - [(!(src_open))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][93] = 1;
		if (!( !(((int)now.src_open))))
			continue;
		_m = 3; goto P999; /* 0 */
	case 73: // STATE 94 - switch.pml:51 - [assert((rev==tgt_w))] (0:98:2 - 1)
		IfNotBlocked
		reached[0][94] = 1;
		spin_assert((((int)now.rev)==((int)now.tgt_w)), "(rev==tgt_w)", II, tt, t);
		/* merge: src_open = 1(98, 95, 98) */
		reached[0][95] = 1;
		(trpt+1)->bup.ovals = grab_ints(2);
		(trpt+1)->bup.ovals[0] = ((int)now.src_open);
		now.src_open = 1;
#ifdef VAR_RANGES
		logval("src_open", ((int)now.src_open));
#endif
		;
		/* merge: blocks = (blocks+1)(98, 96, 98) */
		reached[0][96] = 1;
		(trpt+1)->bup.ovals[1] = ((int)now.blocks);
		now.blocks = (((int)now.blocks)+1);
#ifdef VAR_RANGES
		logval("blocks", ((int)now.blocks));
#endif
		;
		_m = 3; goto P999; /* 2 */
	case 74: // STATE 97 - switch.pml:49 - [assert(!((src_open&&tgt_open)))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][97] = 1;
		spin_assert( !((((int)now.src_open)&&((int)now.tgt_open))), " !((src_open&&tgt_open))", II, tt, t);
		_m = 3; goto P999; /* 0 */
	case 75: // STATE 104 - switch.pml:114 - [((crashes<2))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][104] = 1;
		if (!((((int)now.crashes)<2)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 76: // STATE 105 - switch.pml:114 - [crashes = (crashes+1)] (0:0:1 - 1)
		IfNotBlocked
		reached[0][105] = 1;
		(trpt+1)->bup.oval = ((int)now.crashes);
		now.crashes = (((int)now.crashes)+1);
#ifdef VAR_RANGES
		logval("crashes", ((int)now.crashes));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 77: // STATE 110 - switch.pml:115 - [jr = SYNCING] (0:0:1 - 2)
		IfNotBlocked
		reached[0][110] = 1;
		(trpt+1)->bup.oval = now.jr;
		now.jr = 17;
#ifdef VAR_RANGES
		logval("jr", now.jr);
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 78: // STATE 111 - switch.pml:116 - [((crashes<2))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][111] = 1;
		if (!((((int)now.crashes)<2)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 79: // STATE 112 - switch.pml:116 - [crashes = (crashes+1)] (0:0:1 - 1)
		IfNotBlocked
		reached[0][112] = 1;
		(trpt+1)->bup.oval = ((int)now.crashes);
		now.crashes = (((int)now.crashes)+1);
#ifdef VAR_RANGES
		logval("crashes", ((int)now.crashes));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 80: // STATE 117 - switch.pml:117 - [((jr==SWITCHING))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][117] = 1;
		if (!((now.jr==11)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 81: // STATE 118 - switch.pml:125 - [(!(tgt_open))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][118] = 1;
		if (!( !(((int)now.tgt_open))))
			continue;
		_m = 3; goto P999; /* 0 */
	case 82: // STATE 119 - switch.pml:54 - [assert((fwd==src_w))] (0:122:1 - 1)
		IfNotBlocked
		reached[0][119] = 1;
		spin_assert((((int)now.fwd)==((int)now.src_w)), "(fwd==src_w)", II, tt, t);
		/* merge: tgt_open = 1(122, 120, 122) */
		reached[0][120] = 1;
		(trpt+1)->bup.oval = ((int)now.tgt_open);
		now.tgt_open = 1;
#ifdef VAR_RANGES
		logval("tgt_open", ((int)now.tgt_open));
#endif
		;
		_m = 3; goto P999; /* 1 */
	case 83: // STATE 121 - switch.pml:49 - [assert(!((src_open&&tgt_open)))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][121] = 1;
		spin_assert( !((((int)now.src_open)&&((int)now.tgt_open))), " !((src_open&&tgt_open))", II, tt, t);
		_m = 3; goto P999; /* 0 */
	case 84: // STATE 128 - switch.pml:128 - [((crashes<2))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][128] = 1;
		if (!((((int)now.crashes)<2)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 85: // STATE 129 - switch.pml:128 - [crashes = (crashes+1)] (0:0:1 - 1)
		IfNotBlocked
		reached[0][129] = 1;
		(trpt+1)->bup.oval = ((int)now.crashes);
		now.crashes = (((int)now.crashes)+1);
#ifdef VAR_RANGES
		logval("crashes", ((int)now.crashes));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 86: // STATE 134 - switch.pml:129 - [addr_new = 1] (0:0:1 - 2)
		IfNotBlocked
		reached[0][134] = 1;
		(trpt+1)->bup.oval = ((int)addr_new);
		addr_new = 1;
#ifdef VAR_RANGES
		logval("addr_new", ((int)addr_new));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 87: // STATE 135 - switch.pml:130 - [((crashes<2))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][135] = 1;
		if (!((((int)now.crashes)<2)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 88: // STATE 136 - switch.pml:130 - [crashes = (crashes+1)] (0:0:1 - 1)
		IfNotBlocked
		reached[0][136] = 1;
		(trpt+1)->bup.oval = ((int)now.crashes);
		now.crashes = (((int)now.crashes)+1);
#ifdef VAR_RANGES
		logval("crashes", ((int)now.crashes));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 89: // STATE 141 - switch.pml:131 - [jr = SWITCHED] (0:0:1 - 2)
		IfNotBlocked
		reached[0][141] = 1;
		(trpt+1)->bup.oval = now.jr;
		now.jr = 10;
#ifdef VAR_RANGES
		logval("jr", now.jr);
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 90: // STATE 142 - switch.pml:132 - [((crashes<2))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][142] = 1;
		if (!((((int)now.crashes)<2)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 91: // STATE 143 - switch.pml:132 - [crashes = (crashes+1)] (0:0:1 - 1)
		IfNotBlocked
		reached[0][143] = 1;
		(trpt+1)->bup.oval = ((int)now.crashes);
		now.crashes = (((int)now.crashes)+1);
#ifdef VAR_RANGES
		logval("crashes", ((int)now.crashes));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 92: // STATE 148 - switch.pml:133 - [((jr==SWITCHED))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][148] = 1;
		if (!((now.jr==10)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 93: // STATE 149 - switch.pml:134 - [expired = 0] (0:0:1 - 1)
		IfNotBlocked
		reached[0][149] = 1;
		(trpt+1)->bup.oval = ((int)now.expired);
		now.expired = 0;
#ifdef VAR_RANGES
		logval("expired", ((int)now.expired));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 94: // STATE 150 - switch.pml:136 - [jr = RB_BLOCKING] (0:0:1 - 1)
		IfNotBlocked
		reached[0][150] = 1;
		(trpt+1)->bup.oval = now.jr;
		now.jr = 8;
#ifdef VAR_RANGES
		logval("jr", now.jr);
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 95: // STATE 151 - switch.pml:137 - [jr = COMMITTED] (0:0:1 - 1)
		IfNotBlocked
		reached[0][151] = 1;
		(trpt+1)->bup.oval = now.jr;
		now.jr = 3;
#ifdef VAR_RANGES
		logval("jr", now.jr);
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 96: // STATE 154 - switch.pml:139 - [((crashes<2))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][154] = 1;
		if (!((((int)now.crashes)<2)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 97: // STATE 155 - switch.pml:139 - [crashes = (crashes+1)] (0:0:1 - 1)
		IfNotBlocked
		reached[0][155] = 1;
		(trpt+1)->bup.oval = ((int)now.crashes);
		now.crashes = (((int)now.crashes)+1);
#ifdef VAR_RANGES
		logval("crashes", ((int)now.crashes));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 98: // STATE 160 - switch.pml:140 - [(((jr==RB_BLOCKING)&&!(expired)))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][160] = 1;
		if (!(((now.jr==8)&& !(((int)now.expired)))))
			continue;
		_m = 3; goto P999; /* 0 */
	case 99: // STATE 161 - switch.pml:141 - [tgt_open = 0] (0:0:1 - 1)
		IfNotBlocked
		reached[0][161] = 1;
		(trpt+1)->bup.oval = ((int)now.tgt_open);
		now.tgt_open = 0;
#ifdef VAR_RANGES
		logval("tgt_open", ((int)now.tgt_open));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 100: // STATE 162 - switch.pml:142 - [((crashes<2))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][162] = 1;
		if (!((((int)now.crashes)<2)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 101: // STATE 163 - switch.pml:142 - [crashes = (crashes+1)] (0:0:1 - 1)
		IfNotBlocked
		reached[0][163] = 1;
		(trpt+1)->bup.oval = ((int)now.crashes);
		now.crashes = (((int)now.crashes)+1);
#ifdef VAR_RANGES
		logval("crashes", ((int)now.crashes));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 102: // STATE 168 - switch.pml:145 - [(!(tgt_txn))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][168] = 1;
		if (!( !(((int)now.tgt_txn))))
			continue;
		_m = 3; goto P999; /* 0 */
	case 103: // STATE 169 - switch.pml:146 - [(expired)] (0:0:0 - 1)
		IfNotBlocked
		reached[0][169] = 1;
		if (!(((int)now.expired)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 104: // STATE 173 - switch.pml:149 - [jr = RB_BLOCKED] (0:0:1 - 2)
		IfNotBlocked
		reached[0][173] = 1;
		(trpt+1)->bup.oval = now.jr;
		now.jr = 7;
#ifdef VAR_RANGES
		logval("jr", now.jr);
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 105: // STATE 174 - switch.pml:150 - [((crashes<2))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][174] = 1;
		if (!((((int)now.crashes)<2)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 106: // STATE 175 - switch.pml:150 - [crashes = (crashes+1)] (0:0:1 - 1)
		IfNotBlocked
		reached[0][175] = 1;
		(trpt+1)->bup.oval = ((int)now.crashes);
		now.crashes = (((int)now.crashes)+1);
#ifdef VAR_RANGES
		logval("crashes", ((int)now.crashes));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 107: // STATE 180 - switch.pml:151 - [(((jr==RB_BLOCKED)&&!(expired)))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][180] = 1;
		if (!(((now.jr==7)&& !(((int)now.expired)))))
			continue;
		_m = 3; goto P999; /* 0 */
	case 108: // STATE 181 - switch.pml:152 - [fence = tgt_w] (0:188:2 - 1)
		IfNotBlocked
		reached[0][181] = 1;
		(trpt+1)->bup.ovals = grab_ints(2);
		(trpt+1)->bup.ovals[0] = ((int)now.fence);
		now.fence = ((int)now.tgt_w);
#ifdef VAR_RANGES
		logval("fence", ((int)now.fence));
#endif
		;
		/* merge: jr = RB_FENCED(188, 182, 188) */
		reached[0][182] = 1;
		(trpt+1)->bup.ovals[1] = now.jr;
		now.jr = 6;
#ifdef VAR_RANGES
		logval("jr", now.jr);
#endif
		;
		_m = 3; goto P999; /* 1 */
	case 109: // STATE 184 - switch.pml:153 - [((crashes<2))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][184] = 1;
		if (!((((int)now.crashes)<2)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 110: // STATE 185 - switch.pml:153 - [crashes = (crashes+1)] (0:0:1 - 1)
		IfNotBlocked
		reached[0][185] = 1;
		(trpt+1)->bup.oval = ((int)now.crashes);
		now.crashes = (((int)now.crashes)+1);
#ifdef VAR_RANGES
		logval("crashes", ((int)now.crashes));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 111: // STATE 190 - switch.pml:154 - [(((jr==RB_FENCED)&&!(expired)))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][190] = 1;
		if (!(((now.jr==6)&& !(((int)now.expired)))))
			continue;
		_m = 3; goto P999; /* 0 */
	case 112: // STATE 191 - switch.pml:157 - [((rev>=fence))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][191] = 1;
		if (!((((int)now.rev)>=((int)now.fence))))
			continue;
		_m = 3; goto P999; /* 0 */
	case 113: // STATE 192 - switch.pml:158 - [(expired)] (0:0:0 - 1)
		IfNotBlocked
		reached[0][192] = 1;
		if (!(((int)now.expired)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 114: // STATE 196 - switch.pml:161 - [jr = RB_SWITCHING] (0:0:1 - 2)
		IfNotBlocked
		reached[0][196] = 1;
		(trpt+1)->bup.oval = now.jr;
		now.jr = 5;
#ifdef VAR_RANGES
		logval("jr", now.jr);
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 115: // STATE 197 - switch.pml:162 - [((crashes<2))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][197] = 1;
		if (!((((int)now.crashes)<2)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 116: // STATE 198 - switch.pml:162 - [crashes = (crashes+1)] (0:0:1 - 1)
		IfNotBlocked
		reached[0][198] = 1;
		(trpt+1)->bup.oval = ((int)now.crashes);
		now.crashes = (((int)now.crashes)+1);
#ifdef VAR_RANGES
		logval("crashes", ((int)now.crashes));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 117: // STATE 203 - switch.pml:163 - [(((((jr==RB_BLOCKING)||(jr==RB_BLOCKED))||(jr==RB_FENCED))&&expired))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][203] = 1;
		if (!(((((now.jr==8)||(now.jr==7))||(now.jr==6))&&((int)now.expired))))
			continue;
		_m = 3; goto P999; /* 0 */
	case 118: // STATE 204 - switch.pml:164 - [jr = RB_RETURN] (0:0:1 - 1)
		IfNotBlocked
		reached[0][204] = 1;
		(trpt+1)->bup.oval = now.jr;
		now.jr = 4;
#ifdef VAR_RANGES
		logval("jr", now.jr);
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 119: // STATE 205 - switch.pml:165 - [((crashes<2))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][205] = 1;
		if (!((((int)now.crashes)<2)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 120: // STATE 206 - switch.pml:165 - [crashes = (crashes+1)] (0:0:1 - 1)
		IfNotBlocked
		reached[0][206] = 1;
		(trpt+1)->bup.oval = ((int)now.crashes);
		now.crashes = (((int)now.crashes)+1);
#ifdef VAR_RANGES
		logval("crashes", ((int)now.crashes));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 121: // STATE 211 - switch.pml:166 - [((jr==RB_RETURN))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][211] = 1;
		if (!((now.jr==4)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 122: // STATE 212 - switch.pml:168 - [(!(tgt_open))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][212] = 1;
		if (!( !(((int)now.tgt_open))))
			continue;
		_m = 3; goto P999; /* 0 */
	case 123: // STATE 213 - switch.pml:54 - [assert((fwd==src_w))] (0:216:1 - 1)
		IfNotBlocked
		reached[0][213] = 1;
		spin_assert((((int)now.fwd)==((int)now.src_w)), "(fwd==src_w)", II, tt, t);
		/* merge: tgt_open = 1(216, 214, 216) */
		reached[0][214] = 1;
		(trpt+1)->bup.oval = ((int)now.tgt_open);
		now.tgt_open = 1;
#ifdef VAR_RANGES
		logval("tgt_open", ((int)now.tgt_open));
#endif
		;
		_m = 3; goto P999; /* 1 */
	case 124: // STATE 215 - switch.pml:49 - [assert(!((src_open&&tgt_open)))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][215] = 1;
		spin_assert( !((((int)now.src_open)&&((int)now.tgt_open))), " !((src_open&&tgt_open))", II, tt, t);
		_m = 3; goto P999; /* 0 */
	case 125: // STATE 222 - switch.pml:171 - [((crashes<2))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][222] = 1;
		if (!((((int)now.crashes)<2)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 126: // STATE 223 - switch.pml:171 - [crashes = (crashes+1)] (0:0:1 - 1)
		IfNotBlocked
		reached[0][223] = 1;
		(trpt+1)->bup.oval = ((int)now.crashes);
		now.crashes = (((int)now.crashes)+1);
#ifdef VAR_RANGES
		logval("crashes", ((int)now.crashes));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 127: // STATE 228 - switch.pml:172 - [jr = SWITCHED] (0:0:1 - 2)
		IfNotBlocked
		reached[0][228] = 1;
		(trpt+1)->bup.oval = now.jr;
		now.jr = 10;
#ifdef VAR_RANGES
		logval("jr", now.jr);
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 128: // STATE 229 - switch.pml:173 - [((crashes<2))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][229] = 1;
		if (!((((int)now.crashes)<2)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 129: // STATE 230 - switch.pml:173 - [crashes = (crashes+1)] (0:0:1 - 1)
		IfNotBlocked
		reached[0][230] = 1;
		(trpt+1)->bup.oval = ((int)now.crashes);
		now.crashes = (((int)now.crashes)+1);
#ifdef VAR_RANGES
		logval("crashes", ((int)now.crashes));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 130: // STATE 235 - switch.pml:174 - [((jr==RB_SWITCHING))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][235] = 1;
		if (!((now.jr==5)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 131: // STATE 236 - switch.pml:176 - [(!(src_open))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][236] = 1;
		if (!( !(((int)now.src_open))))
			continue;
		_m = 3; goto P999; /* 0 */
	case 132: // STATE 237 - switch.pml:51 - [assert((rev==tgt_w))] (0:241:2 - 1)
		IfNotBlocked
		reached[0][237] = 1;
		spin_assert((((int)now.rev)==((int)now.tgt_w)), "(rev==tgt_w)", II, tt, t);
		/* merge: src_open = 1(241, 238, 241) */
		reached[0][238] = 1;
		(trpt+1)->bup.ovals = grab_ints(2);
		(trpt+1)->bup.ovals[0] = ((int)now.src_open);
		now.src_open = 1;
#ifdef VAR_RANGES
		logval("src_open", ((int)now.src_open));
#endif
		;
		/* merge: blocks = (blocks+1)(241, 239, 241) */
		reached[0][239] = 1;
		(trpt+1)->bup.ovals[1] = ((int)now.blocks);
		now.blocks = (((int)now.blocks)+1);
#ifdef VAR_RANGES
		logval("blocks", ((int)now.blocks));
#endif
		;
		_m = 3; goto P999; /* 2 */
	case 133: // STATE 240 - switch.pml:49 - [assert(!((src_open&&tgt_open)))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][240] = 1;
		spin_assert( !((((int)now.src_open)&&((int)now.tgt_open))), " !((src_open&&tgt_open))", II, tt, t);
		_m = 3; goto P999; /* 0 */
	case 134: // STATE 247 - switch.pml:179 - [((crashes<2))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][247] = 1;
		if (!((((int)now.crashes)<2)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 135: // STATE 248 - switch.pml:179 - [crashes = (crashes+1)] (0:0:1 - 1)
		IfNotBlocked
		reached[0][248] = 1;
		(trpt+1)->bup.oval = ((int)now.crashes);
		now.crashes = (((int)now.crashes)+1);
#ifdef VAR_RANGES
		logval("crashes", ((int)now.crashes));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 136: // STATE 253 - switch.pml:180 - [addr_new = 0] (0:0:1 - 2)
		IfNotBlocked
		reached[0][253] = 1;
		(trpt+1)->bup.oval = ((int)addr_new);
		addr_new = 0;
#ifdef VAR_RANGES
		logval("addr_new", ((int)addr_new));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 137: // STATE 254 - switch.pml:181 - [((crashes<2))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][254] = 1;
		if (!((((int)now.crashes)<2)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 138: // STATE 255 - switch.pml:181 - [crashes = (crashes+1)] (0:0:1 - 1)
		IfNotBlocked
		reached[0][255] = 1;
		(trpt+1)->bup.oval = ((int)now.crashes);
		now.crashes = (((int)now.crashes)+1);
#ifdef VAR_RANGES
		logval("crashes", ((int)now.crashes));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 139: // STATE 260 - switch.pml:182 - [jr = SYNCING] (0:0:1 - 2)
		IfNotBlocked
		reached[0][260] = 1;
		(trpt+1)->bup.oval = now.jr;
		now.jr = 17;
#ifdef VAR_RANGES
		logval("jr", now.jr);
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 140: // STATE 261 - switch.pml:183 - [((crashes<2))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][261] = 1;
		if (!((((int)now.crashes)<2)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 141: // STATE 262 - switch.pml:183 - [crashes = (crashes+1)] (0:0:1 - 1)
		IfNotBlocked
		reached[0][262] = 1;
		(trpt+1)->bup.oval = ((int)now.crashes);
		now.crashes = (((int)now.crashes)+1);
#ifdef VAR_RANGES
		logval("crashes", ((int)now.crashes));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 142: // STATE 267 - switch.pml:184 - [((jr==COMMITTED))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][267] = 1;
		if (!((now.jr==3)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 143: // STATE 268 - switch.pml:185 - [jr = QUARANTINED] (0:0:1 - 1)
		IfNotBlocked
		reached[0][268] = 1;
		(trpt+1)->bup.oval = now.jr;
		now.jr = 2;
#ifdef VAR_RANGES
		logval("jr", now.jr);
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 144: // STATE 269 - switch.pml:186 - [((crashes<2))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][269] = 1;
		if (!((((int)now.crashes)<2)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 145: // STATE 270 - switch.pml:186 - [crashes = (crashes+1)] (0:0:1 - 1)
		IfNotBlocked
		reached[0][270] = 1;
		(trpt+1)->bup.oval = ((int)now.crashes);
		now.crashes = (((int)now.crashes)+1);
#ifdef VAR_RANGES
		logval("crashes", ((int)now.crashes));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 146: // STATE 275 - switch.pml:187 - [((jr==QUARANTINED))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][275] = 1;
		if (!((now.jr==2)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 147: // STATE 276 - switch.pml:188 - [deleted = 1] (0:0:1 - 1)
		IfNotBlocked
		reached[0][276] = 1;
		(trpt+1)->bup.oval = ((int)now.deleted);
		now.deleted = 1;
#ifdef VAR_RANGES
		logval("deleted", ((int)now.deleted));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 148: // STATE 277 - switch.pml:189 - [((crashes<2))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][277] = 1;
		if (!((((int)now.crashes)<2)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 149: // STATE 278 - switch.pml:189 - [crashes = (crashes+1)] (0:0:1 - 1)
		IfNotBlocked
		reached[0][278] = 1;
		(trpt+1)->bup.oval = ((int)now.crashes);
		now.crashes = (((int)now.crashes)+1);
#ifdef VAR_RANGES
		logval("crashes", ((int)now.crashes));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 150: // STATE 283 - switch.pml:190 - [jr = DELETED] (0:0:1 - 2)
		IfNotBlocked
		reached[0][283] = 1;
		(trpt+1)->bup.oval = now.jr;
		now.jr = 1;
#ifdef VAR_RANGES
		logval("jr", now.jr);
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 151: // STATE 284 - switch.pml:191 - [((crashes<2))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][284] = 1;
		if (!((((int)now.crashes)<2)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 152: // STATE 285 - switch.pml:191 - [crashes = (crashes+1)] (0:0:1 - 1)
		IfNotBlocked
		reached[0][285] = 1;
		(trpt+1)->bup.oval = ((int)now.crashes);
		now.crashes = (((int)now.crashes)+1);
#ifdef VAR_RANGES
		logval("crashes", ((int)now.crashes));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 153: // STATE 290 - switch.pml:195 - [((jr==DELETED))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][290] = 1;
		if (!((now.jr==1)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 154: // STATE 292 - switch.pml:196 - [(((jr==SYNCING)&&(tries==2)))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][292] = 1;
		if (!(((now.jr==17)&&(((int)now.tries)==2))))
			continue;
		_m = 3; goto P999; /* 0 */
	case 155: // STATE 297 - switch.pml:198 - [-end-] (0:0:0 - 5)
		IfNotBlocked
		reached[0][297] = 1;
		if (!delproc(1, II)) continue;
		_m = 3; goto P999; /* 0 */
	case  _T5:	/* np_ */
		if (!((!(trpt->o_pm&4) && !(trpt->tau&128))))
			continue;
		/* else fall through */
	case  _T2:	/* true */
		_m = 3; goto P999;
#undef rand
	}

