/* mm-switch as a model: who may write where, whatever happens in between.
 *
 * The switcher knows nothing but its journal (jr and what was recorded with
 * it) and what it can observe. Each step ends with one journal record; it may
 * be killed between any two actions (CRASH), and the next run starts at the
 * record that stands there. Applications write wherever they are let: some
 * still use the old address, others the new one already.
 *
 * Invariants:
 *   M1  never both sides open to applications
 *   M2  what the source has acknowledged is on the target before it opens
 *   M3  what the target has acknowledged is on the source before that reopens
 *   M4  the source's data are deleted only after the commit
 *   M5  with finitely many crashes somebody becomes writable again
 *   M6  only what is in quarantine is deleted, and nothing of it comes back
 *       once one of it is gone
 *   M7  never are both directions applied while somebody may write: an older
 *       value would come back over a newer one
 *
 * Each rule of the design can be taken out with -D; then a check must fail
 * (scripts/check-model.sh runs both).
 */
mtype = {SYNCING, BLOCKING, BLOCKED, FENCED, VERIFIED, ARMED, SWITCHING,
	SWITCHED, UNBLOCKING, RB_BLOCKING, RB_BLOCKED, RB_FENCED, RB_SWITCHING,
	RB_RETURN, COMMITTING, COMMITTED, QUARANTINING, QUARANTINED, RELEASING,
	DELETING, DELETED};

#ifndef CRASHES
#define CRASHES 2
#endif
#define WRITES 2 /* a side */
#define TRIES 2  /* switches begun */

mtype jr = SYNCING; /* the last record of the journal */
byte fence;         /* in the records FENCED and RB_FENCED */
byte block_no;      /* in the record BLOCKED: which block it was */

bool src_open = true, tgt_open = false;
bool addr_new = false;
byte blocks;      /* how often the block was put up or lifted */
byte src_w, fwd;  /* acknowledged by the source; of them on the target */
byte tgt_w, rev;  /* acknowledged by the target; of them on the source */
bool fwd_on = true, rev_on; /* its job lets it be applied */
bool txn, tgt_txn; /* an open transaction that has written */
bool expired;     /* the deadline of this attempt has passed */
bool away;    /* the old data are in quarantine */
bool deleted; /* some of them are */
byte crashes, tries, meddled;

#define CRASH if :: crashes < CRASHES -> crashes++; goto again :: skip fi
#define BEFORE_SWITCHING (jr == BLOCKING || jr == BLOCKED || jr == FENCED || \
	jr == VERIFIED || jr == ARMED)
#define BEFORE_RETURN (jr == RB_BLOCKING || jr == RB_BLOCKED || \
	jr == RB_FENCED)

/* A record. With -DRECORDS the verifier tells each pair that it meets. */
#ifdef RECORDS
byte goes_to;
c_decl { static char met[64][64]; }
inline to(s) {
	d_step {
		goes_to = s;
		c_code {
			if (!met[now.jr][now.goes_to]++)
				printf("FOLLOWS %d %d\n", now.jr, now.goes_to);
		};
		goes_to = 0;
		jr = s
	}
}
#else
inline to(s) { jr = s }
#endif

inline holds() {
	assert(!(src_open && tgt_open)); /* M1 */
	assert(!((fwd_on && rev_on) && (src_open || tgt_open))) /* M7 */
}
inline open_source() { /* M3 */
	atomic { assert(rev == tgt_w); src_open = true; blocks++; holds() }
}
inline open_target() { /* M2 */
	atomic { assert(fwd == src_w); tgt_open = true; holds() }
}

active proctype switcher()
{
again:
	do
	:: jr == SYNCING && tries < TRIES ->
		tries++;
		expired = false;
		to(BLOCKING); /* intent: the record stands before the act */
		CRASH
	:: jr == BLOCKING && !expired ->
		if
		:: src_open -> atomic { src_open = false; blocks++ }
		:: else
		fi;
		CRASH;
#ifndef NO_TXN_WAIT
		if
		:: !txn
		:: expired -> goto again
		fi;
#endif
		atomic { block_no = blocks; to(BLOCKED) };
		CRASH
	:: jr == BLOCKED && !expired ->
		atomic { fence = src_w; to(FENCED) };
		CRASH
	:: jr == FENCED && !expired ->
#ifndef NO_DRAIN
		if
		:: fwd >= fence
		:: expired -> goto again
		fi;
#endif
		to(VERIFIED);
		CRASH
	:: jr == VERIFIED && !expired ->
		to(ARMED); /* the position for the way back is recorded */
		CRASH
	:: jr == ARMED && !expired ->
		/* Who lifts the block by hand has both directions then, until
		 * that is seen; it is looked at before. */
		atomic {
			if
#ifndef NO_ARM_CHECK
			:: blocks != block_no || src_open ->
				to(UNBLOCKING); goto again
#endif
			:: else -> rev_on = true; holds()
			fi
		};
		CRASH;
		/* The same block as at the fence, or there is no fence. */
		atomic {
			if
#ifndef NO_BLOCK_TOKEN
			:: blocks != block_no || src_open -> to(UNBLOCKING)
#endif
			:: else -> to(SWITCHING)
			fi
		};
		CRASH
#ifndef NO_DEADLINE
	:: BEFORE_SWITCHING && expired ->
		to(UNBLOCKING);
		CRASH
#endif
	:: jr == UNBLOCKING ->
#ifndef NO_REV_END
		rev_on = false;
		CRASH;
#endif
		if
		:: !src_open -> open_source()
		:: else
		fi;
		CRASH;
		to(SYNCING);
		CRASH
	:: jr == SWITCHING ->
#ifndef NO_FWD_END
		fwd_on = false;
		CRASH;
#endif
#ifdef UNBLOCK_IN_SWITCHING
		if
		:: expired && !src_open -> open_source()
		:: else
		fi;
#endif
		if
		:: !tgt_open -> open_target()
		:: else
		fi;
		CRASH;
		addr_new = true;
		CRASH;
		to(SWITCHED);
		CRASH
	:: jr == SWITCHED ->
		expired = false;
		if
		:: to(RB_BLOCKING)
		:: to(COMMITTING)
		fi;
		CRASH
	:: jr == RB_BLOCKING && !expired ->
		tgt_open = false;
		CRASH;
#ifndef NO_RB_TXN_WAIT
		if
		:: !tgt_txn
		:: expired -> goto again
		fi;
#endif
		to(RB_BLOCKED);
		CRASH
	:: jr == RB_BLOCKED && !expired ->
		atomic { fence = tgt_w; to(RB_FENCED) };
		CRASH
	:: jr == RB_FENCED && !expired ->
#ifndef NO_RB_DRAIN
		if
		:: rev >= fence
		:: expired -> goto again
		fi;
#endif
#ifndef NO_RB_REV_END
		rev_on = false;
		CRASH;
#endif
		to(RB_SWITCHING);
		CRASH
	:: BEFORE_RETURN && expired ->
		to(RB_RETURN);
		CRASH
	:: jr == RB_RETURN ->
		if
		:: !tgt_open -> open_target()
		:: else
		fi;
		CRASH;
		atomic { rev_on = true; holds() };
		CRASH;
		to(SWITCHED);
		CRASH
	:: jr == RB_SWITCHING ->
		atomic { fwd_on = true; holds() };
		CRASH;
		if
		:: !src_open -> open_source()
		:: else
		fi;
		CRASH;
		addr_new = false;
		CRASH;
		to(SYNCING);
		CRASH
	:: jr == COMMITTING ->
		to(COMMITTED);
		CRASH
	:: jr == COMMITTED ->
		to(QUARANTINING);
		CRASH
	:: jr == QUARANTINING ->
		away = true;
		CRASH;
		if
		:: to(QUARANTINED)
		:: to(RELEASING)
		fi;
		CRASH
	:: jr == QUARANTINED ->
		if
		:: to(DELETING)
		:: to(RELEASING)
		fi;
		CRASH
	:: jr == RELEASING ->
		assert(!deleted); /* M6 */
		away = false;
		CRASH;
		to(COMMITTED);
		CRASH
	:: jr == DELETING ->
		assert(away); /* M6 */
		deleted = true;
		CRASH;
		to(DELETED);
		CRASH
#ifdef UNDO_IN_DELETING
	:: jr == DELETING -> to(RELEASING)
#endif
#ifdef DELETE_FROM_QUARANTINING
	:: jr == QUARANTINING -> to(DELETING)
#endif
#ifdef DELETE_EARLY
	:: jr == SWITCHED -> deleted = true
#endif
	:: jr == DELETED -> break
	:: jr == SYNCING && tries == TRIES -> break
	od
}

/* Applications, with either address. A transaction that has written may commit
 * after its rights were taken away. */
active proctype app_source()
{
end:
	do
	:: atomic { src_open && src_w < WRITES -> src_w++ }
	:: atomic { src_open && !txn && src_w < WRITES -> txn = true }
	:: atomic { txn -> txn = false;
		if
		:: src_w < WRITES + 1 -> src_w++
		:: skip
		fi }
	od
}
active proctype app_target()
{
end:
	do
	:: atomic { tgt_open && tgt_w < WRITES -> tgt_w++ }
	:: atomic { tgt_open && !tgt_txn && tgt_w < WRITES -> tgt_txn = true }
	:: atomic { tgt_txn -> tgt_txn = false;
		if
		:: tgt_w < WRITES + 1 -> tgt_w++
		:: skip
		fi }
	od
}

/* Tail and apply, each way. */
active proctype forward() { end: do :: atomic { fwd_on && fwd < src_w ->
	fwd++ } od }
active proctype backward() { end: do :: atomic { rev_on && rev < tgt_w ->
	rev++ } od }

/* Time, and somebody who lifts the block by hand before the address moves. */
active proctype world()
{
end:
	do
	:: atomic { (BEFORE_SWITCHING || BEFORE_RETURN) && !expired ->
		expired = true }
	:: atomic { (jr == BLOCKED || jr == FENCED || jr == VERIFIED ||
		jr == ARMED) && !src_open && meddled == 0 ->
		meddled++; src_open = true; blocks++ }
	:: atomic { meddled == 1 && src_open && jr == ARMED ->
		meddled++; src_open = false; blocks++ }
	:: jr == DELETED -> break
	od
}

/* M4 */
#define committed (jr == DELETING || jr == DELETED)
ltl m4 { [] (!deleted || committed) }
/* M5 */
ltl m5 { [] <> (src_open || tgt_open) }
