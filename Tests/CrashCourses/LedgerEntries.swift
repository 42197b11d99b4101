// What a ledger holds of one resource each.

import CloudTypes
import ControlPlane

extension Ledger {
    struct Instance {
        var name: String
        var terminatesItself: Bool
        /// The states that everything asked for and everything that happened may end in.
        var states: Set<InstanceState> = [.running]
        var tags: [String: String] = [:]
        /// Whether it goes on at full speed without CPU credits.
        var isUnlimited = true

        mutating func mayHaveEnded() { states.formUnion([.stopped, .terminated]) }
    }

    struct Volume {
        var sizeGiB: Int
        var instances: Set<InstanceID> = []
        /// Those with which it goes, where they are the last to have it.
        var deadly: Set<InstanceID> = []
        var mustBeEncrypted = false
    }

    struct BinStay {
        var id: String
        /// From when on at the latest.
        var since: Timestamp
        /// Whether it was complete: one that was not goes at once.
        var isCertain: Bool
    }

    struct ImageStay {
        var id: ImageID
        var since: Timestamp
    }

    struct Snapshot {
        /// Whether it was seen to be complete.
        var isComplete = false
        /// Whether it goes to the recycle bin when it is deleted, for a day.
        var isKept = false
        var isLocked = false
        /// Whether volumes of it are kept ready.
        var isFast = false
    }
}
