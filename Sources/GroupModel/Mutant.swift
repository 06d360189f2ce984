/// Planted protocol bugs, one for each rule that a test must notice the loss of.
///
/// They exist only in builds with the package trait `Mutants`, for the proof that the simulator finds them
/// (`Scripts/mutants.sh`); in every other build `isOn` is the constant `false` and the compiler removes what it guards.
public enum Mutant: String, CaseIterable, Sendable {
    // Ballots and decisions
    /// A lower ballot than the promised one is answered.
    case noPromise
    /// `flushed` does not tell what was accepted.
    case forgottenAcceptance
    /// Half of the members are a majority, whichever half.
    case wrongMajority
    /// A view is decided before its unsuspected members have accepted.
    case decidedTooEarly
    /// An acceptance of an earlier flush counts, when its ballot is the same.
    case anyCutReached
    /// So does a refusal.
    case anyRefusal
    /// An exclusion in one heavyweight group is a suspicion in another, although the member has come into that since.
    case lateExclusion

    // Mode `primary`
    /// A node starts again without its record.
    case forgottenRecord
    /// The record on stable storage lacks what was promised and accepted.
    case lostPromise
    /// Answers do not wait for stable storage.
    case unsyncedAnswer
    /// Members of the last primary view that are few go on as it, with the votes of later lives.
    case dataOfFew
    /// A component without a majority keeps its suspicions.
    case lastingSuspicion

    /// Of a group other than the control group: members that came back into the control group count for the view they had.
    case keptWhoCameBack
    /// What is issued again awaits a member that came back into the control group, and is in none of its sides.
    case askedWhoCameBack
    /// The same: its view takes in who is not in the control view.
    case outsider
    /// The same: suspicion excludes, whatever the control group says.
    case ownSuspicion
    /// The same: a round under an earlier control view than one's own is answered.
    case staleAuthority
    /// The same: light-weight control messages wait for a majority.
    case majorityOfKept
    /// The same: nodes come into it after they told the control group that they are not in it.
    case unfrozen
    /// The same: it is born although members of the control view are in it.
    case bornBesideLiving

    // Flush
    /// `flushed` is sent without waiting for HoldOK.
    case skippedHoldOK
    /// A view is installed before its cut is filled.
    case unfilledCut
    /// Packets beyond the cut are taken while frozen, and delivered.
    case beyondCut
    /// What was accepted is proposed again although nobody who is left holds what its cut names.
    case unheldCut
    /// A flush takes as long as its leader allows, whatever those in it give their applications.
    case ownFlushTimeout
    /// Heartbeats tell of a shorter deadline of Holds while some that have a longer one last.
    case shortDeadlineAtOnce
    /// Who took its view back from a leader is as impatient with the next one.
    case impatientAgain
    /// A view's ID names its oldest member, not its proposer.
    case idOfFirstMember
    /// A vote about the successor of one decided view counts in a round about another's.
    case lateVote
    /// A member of a view that says that it is in another one is believed to come.
    case ghostAmongUs
    /// The cut is what the proposer has, not what any survivor has, and who delivered more enters the view all the same.
    case cutOfProposer

    // Streams
    /// Total messages are delivered as they come.
    case unordered
    /// Safe messages do not wait until they are stable.
    case unstable
    /// Data are sent however far beyond what a suspected member has.
    case heedlessOfSuspects
    /// Control messages do not wait for a majority.
    case notUniform
    /// Safe messages and flushes do not wait until all have delivered the control messages before them.
    case unfooted
    /// A flush that fetches a cut goes on owing acknowledgements, which it does not send.
    case hurriedWhenFrozen
    /// Each member delivers its own stream first in the rest of a view.
    case ownRestFirst
    /// Message numbers begin again in each view.
    case restartedNumbers
    /// A flush request returns before what was sent is stable.
    case hastyFlush
    /// A flush request does not wait for a message that waits for its label.
    case flushPastParked
    /// A peer that is heard again is told to all groups while deliveries of one wait to be carried up.
    case mixedOutput

    // Light-weight groups
    /// A node counts its own flushOK when it sends it, as FIFO delivery would.
    case fifoFlushOK
    /// A group without members begins again with the first count.
    case restartedCount
    /// An LWG view computed at an HWG view keeps the era.
    case noEra
    /// A new LWG takes the number of one without members.
    case reusedNumber
    /// A view change before all tables are delivered takes those that are for all.
    case ghosts
    /// Data of a later LWG view are dropped.
    case droppedEarly
    /// The low bits of the view count are not compared.
    case anyView
    /// A side that lost members merges from the view that has them.
    case noSideView
    /// Control messages in the rest of an HWG view install LWG views.
    case installedInRest
    /// Seats that await their first view keep no early data.
    case deafJoiner
    /// A change of one LWG holds the next one, too.
    case neighbourHeld
    /// flushOK does not wait for messages without a number.
    case overtakingFlushOK
    /// Point-to-point messages are delivered in whatever view they find.
    case lateDirect

    #if MUTANTS
        /// Set once, before any core runs.
        public nonisolated(unsafe) static var active: Mutant?
        @inline(never) public var isOn: Bool { Self.active == self }
    #else
        @inlinable @inline(__always) public var isOn: Bool { false }
    #endif
}
