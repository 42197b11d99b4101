// What one client was promised of event windows, and so when an event of an instance of its is to begin.

import CloudTypes
import ControlPlane

struct EventWindowLedger {
    private struct Window {
        var hours: EventWindowOperation.Hours
        var instances: Set<InstanceID> = []
        var tags: Set<EventWindowRecord.InstanceTag> = []
    }

    private var windows: [String: Window] = [:]

    var names: [String] { windows.keys.sorted() }

    /// - Parameter launches: the instances of each name.
    mutating func acknowledge(_ operation: EventWindowOperation, _ launches: [String: [InstanceID]]) {
        switch operation {
        case .create(let name, let hours): windows[name] = Window(hours: hours)
        case .modify(let name, let hours): windows[name]?.hours = hours
        case .delete(let name, _): windows[name] = nil
        case .associate(let name, .launch(let launch)): windows[name]?.instances.formUnion(launches[launch] ?? [])
        case .associate(let name, .tag(let key, let value)):
            windows[name]?.tags.insert(EventWindowRecord.InstanceTag(key: key, value: value))
        case .disassociate(let name, .launch(let launch)): windows[name]?.instances.subtract(launches[launch] ?? [])
        case .disassociate(let name, .tag(let key, let value)):
            windows[name]?.tags.remove(EventWindowRecord.InstanceTag(key: key, value: value))
        }
    }

    /// When an event that stops or reboots the instance begins, if it is wanted at the moment.
    func opening(of instance: InstanceID, _ tags: [String: String], from moment: Timestamp) -> Timestamp {
        let mine = windows.values.filter { window in
            window.instances.contains(instance) || window.tags.contains { tags[$0.key] == $0.value }
        }
        return mine.map { $0.hours.opening(from: moment) }.min() ?? moment
    }

    /// An instance that is gone for good is no target any more.
    mutating func check(_ state: CloudState, _ ids: [String: String]) -> [String] {
        var faults: [String] = []
        for (name, promised) in windows {
            guard let window = ids[name].flatMap({ EventWindowID($0) }).flatMap({ state.eventWindows[$0] }) else {
                continue
            }
            let present = promised.instances.filter { ![nil, .terminated].contains(state.instances[$0]?.state) }
            windows[name]?.instances = present
            if window.instances != present || window.instanceTags != promised.tags {
                faults.append("\(name) is for \(window.targets), promised were \(present.sorted()), \(promised.tags)")
            }
            let hours = WeeklyHours.Range(start: promised.hours.start, end: promised.hours.end)
            if window.hours.ranges != [hours] { faults.append("\(name) has other hours than promised") }
        }
        return faults
    }
}

extension EventWindowRecord {
    var instances: Set<InstanceID> { if case .instances(let ids) = targets { Set(ids) } else { [] } }
    var instanceTags: Set<InstanceTag> { if case .tags(let tags) = targets { Set(tags) } else { [] } }
}
