// What clients ask of event windows, the requests that say so, and when a window's hours begin.

import CloudTypes
import ControlPlane

enum EventWindowOperation: Sendable, Equatable {
    case create(String, Hours)
    case modify(String, Hours)
    /// One that has targets goes by force alone.
    case delete(String, isForced: Bool)
    case associate(String, Target)
    case disassociate(String, Target)

    /// Hours of every week, from one of them on, counted from Sunday, midnight UTC.
    struct Hours: Sendable, Equatable {
        var start: Int
        var count: Int
    }

    enum Target: Sendable, Equatable {
        /// The instances of the name.
        case launch(String)
        /// Those that have the tag.
        case tag(key: String, value: String)
    }

    /// The name that the operation makes something under, and the element that tells its id.
    var made: (name: String, element: String)? {
        switch self {
        case .create(let name, _): (name, "instanceEventWindowId")
        case .modify, .delete, .associate, .disassociate: nil
        }
    }

    /// The refusals that a client takes for success, if it had asked before and was not answered.
    var codesOfDone: Set<String> {
        switch self {
        case .delete: ["InvalidInstanceEventWindowID.NotFound"]
        case .create, .modify, .associate, .disassociate: []
        }
    }
}

extension EventWindowOperation.Hours {
    static let inWeek = 168

    /// 1970 began on a Thursday.
    static func hourOfWeek(_ moment: Timestamp) -> Int {
        Int((moment.milliseconds / 3_600_000 + 4 * 24) % Int64(inWeek))
    }

    var end: Int { (start + count) % Self.inWeek }

    /// The moment itself where it is inside, else when they begin next.
    func opening(from moment: Timestamp) -> Timestamp {
        let since = (Self.hourOfWeek(moment) - start + Self.inWeek) % Self.inWeek
        guard since >= count else { return moment }
        let hour = moment.milliseconds / 3_600_000 + Int64(Self.inWeek - since)
        return Timestamp(milliseconds: hour * 3_600_000)
    }

    fileprivate var parameters: [(String, String)] {
        [("Start", start), ("End", end)].flatMap { side, hour in
            [
                ("TimeRange.1.\(side)WeekDay", WeeklyHours.days[hour / 24]),
                ("TimeRange.1.\(side)Hour", "\(hour % 24)"),
            ]
        }
    }
}

extension Client {
    /// nil where the client knows no id for a name.
    func form(of operation: EventWindowOperation) -> Form? {
        switch operation {
        case .create(let name, let hours):
            Form("CreateInstanceEventWindow", making: name, "instance-event-window", [("Name", name)])
                .adding(hours.parameters)
        case .modify(let name, let hours): form("ModifyInstanceEventWindow", name)?.adding(hours.parameters)
        case .delete(let name, let isForced):
            form("DeleteInstanceEventWindow", name)?.adding([("ForceDelete", "\(isForced)")])
        case .associate(let name, let target): form("AssociateInstanceEventWindow", name, target)
        case .disassociate(let name, let target): form("DisassociateInstanceEventWindow", name, target)
        }
    }

    private func form(_ action: String, _ name: String) -> Form? {
        ledger.id(name).map { Form(action, [("InstanceEventWindowId", $0)]) }
    }

    private func form(_ action: String, _ name: String, _ target: EventWindowOperation.Target) -> Form? {
        guard let form = form(action, name) else { return nil }
        switch target {
        case .launch(let launch):
            let present = (ledger.launches[launch] ?? []).filter { rig.records.instances[$0] != nil }
            guard !present.isEmpty else { return nil }
            return form.adding(present.map(\.description), as: "AssociationTarget.InstanceId")
        case .tag(let key, let value):
            let tag = "AssociationTarget.InstanceTag.1"
            return form.adding([("\(tag).Key", key), ("\(tag).Value", value)])
        }
    }

    /// Whether the window has the target, save what goes or is gone, or has it no more.
    func isDone(_ operation: EventWindowOperation) -> Bool {
        switch operation {
        case .create, .modify, .delete: false
        case .associate(let name, let target):
            window(name).map { window in
                if case .tag = target { return has(window, target) }
                return instances(target).filter {
                    ![nil, .shuttingDown, .terminated].contains(rig.records.instances[$0]?.state)
                }
                .allSatisfy(window.instances.contains)
            } ?? false
        case .disassociate(let name, let target):
            window(name).map { $0.instances.isDisjoint(with: instances(target)) && !has($0, target) } ?? false
        }
    }

    private func window(_ name: String) -> EventWindowRecord? {
        ledger.id(name).flatMap { EventWindowID($0) }.flatMap { rig.records.eventWindows[$0] }
    }

    private func instances(_ target: EventWindowOperation.Target) -> [InstanceID] {
        if case .launch(let launch) = target { ledger.launches[launch] ?? [] } else { [] }
    }

    private func has(_ window: EventWindowRecord, _ target: EventWindowOperation.Target) -> Bool {
        guard case .tag(let key, let value) = target else { return false }
        return window.instanceTags.contains(EventWindowRecord.InstanceTag(key: key, value: value))
    }
}
