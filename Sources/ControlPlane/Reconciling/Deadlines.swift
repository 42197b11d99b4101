// The moments at which keys are to be looked at again, and the alarms that are set for all of them together.

internal import CloudTypes
internal import HeapModule

struct Deadlines<Key: Hashable> {
    private struct Entry: Comparable {
        let moment: Timestamp
        /// Entries of one moment come in the order in which they were made.
        let number: Int
        let key: Key

        static func < (left: Self, right: Self) -> Bool { (left.moment, left.number) < (right.moment, right.number) }
        static func == (left: Self, right: Self) -> Bool { left.number == right.number }
    }

    /// The one moment of each key; a later word replaces an earlier one, whose entry is passed over when it comes up.
    private var moments: [Key: Timestamp] = [:]
    private var entries = Heap<Entry>()
    private var count = 0
    /// The moments for which an alarm is set, few: each was earlier than all before it.
    private var alarms: Set<Timestamp> = []

    /// Returns whether an alarm has to be set for the moment.
    mutating func set(_ moment: Timestamp, for key: Key) -> Bool {
        guard moments.updateValue(moment, forKey: key) != moment else { return false }
        count += 1
        entries.insert(Entry(moment: moment, number: count, key: key))
        return setAlarm(moment)
    }

    private mutating func setAlarm(_ moment: Timestamp) -> Bool {
        if let earliest = alarms.min(), earliest <= moment { return false }
        alarms.insert(moment)
        return true
    }

    mutating func forget(_ key: Key) { moments[key] = nil }

    /// The keys whose moment is not after this one, each once.
    mutating func takeDue(by now: Timestamp) -> [Key] {
        var due: [Key] = []
        while let first = entries.min, first.moment <= now {
            entries.removeMin()
            guard moments[first.key] == first.moment else { continue }
            moments[first.key] = nil
            due.append(first.key)
        }
        alarms = alarms.filter { $0 > now }
        return due
    }

    /// The next moment for which an alarm has to be set; nil where none has.
    mutating func nextAlarm() -> Timestamp? {
        while let first = entries.min, moments[first.key] != first.moment { entries.removeMin() }
        guard let first = entries.min, setAlarm(first.moment) else { return nil }
        return first.moment
    }
}
