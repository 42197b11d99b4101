// What may befall a simulated guest, by word of the operator.

import CloudTypes
import ControlPlane
import FoundationEssentials
import NodeContract
import Simulation

enum SimulatedEvent: String, Codable, CaseIterable, Sendable {
    case dies
    case shutsDown = "shuts-down"
    case fallsSilent = "falls-silent"
    case losesMachine = "loses-machine"
    case losesDisks = "loses-disks"
    case isWell = "is-well"
    case works, rests, uses

    func befall(_ record: InstanceRecord, on node: SimulatedNode, use: GuestUse?) {
        let instance = record.id
        switch self {
        case .dies: node.end(instance, .died)
        case .shutsDown: node.end(instance, .guestShutdown)
        case .fallsSilent: node.setHealth(Self.health { $0.isReachable = false }, of: instance)
        case .losesMachine:
            node.setHealth(
                Self.health {
                    $0.hasMachine = false
                    $0.isReachable = false
                }, of: instance)
        case .losesDisks: node.setHealth(Self.health { $0.hasDisks = false }, of: instance)
        case .isWell: node.setHealth(.well, of: instance)
        case .works: node.setLoad(Double(record.vCPUs), of: instance)
        case .rests: node.setLoad(0, of: instance)
        case .uses: if let use { node.setUse(use, of: instance) }
        }
    }

    private static func health(_ ailment: (inout GuestHealth) -> Void) -> GuestHealth {
        var health = GuestHealth.well
        ailment(&health)
        return health
    }
}

extension OperatorService {
    struct SimulationOrder: Codable {
        var instance: String
        var event: SimulatedEvent
        var use: GuestUse?
    }

    func befall(_ body: [UInt8]) throws -> SimulationOrder {
        let order = try JSONDecoder().decode(SimulationOrder.self, from: Data(body))
        guard let node = node as? SimulatedNode else { throw CommandFailure("The guests of this cloud are real.") }
        guard let id = InstanceID(order.instance), let instance = cloud.records.instances[id],
            instance.state == .running
        else {
            throw CommandFailure("No instance \(order.instance) runs.")
        }
        order.event.befall(instance, on: node, use: order.use)
        return order
    }
}
