import ArgumentParser
import FoundationEssentials

/// `apus simulate`: has something befall a simulated guest.
struct Simulate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Have something befall a simulated guest: to see what clients make of it.",
        discussion: """
            dies           its machine ends, as a crash of the hypervisor
            shuts-down     its system powers off
            falls-silent   its system does not answer: the instance status check fails
            loses-machine  its machine does not answer either: the system status check fails
            loses-disks    its volumes do not serve it: the attached EBS status check fails
            is-well        all of that is over
            works          its processors are busy, all of them: CPU credits are spent
            rests          they are not any more
            """)

    @OptionGroup var state: StateOptions
    @Argument(help: "The instance.") var instance: String
    @Argument(help: "\(SimulatedEvent.allCases.map(\.rawValue).joined(separator: ", ")).") var event: SimulatedEvent

    func run() throws {
        let order = OperatorService.SimulationOrder(instance: instance, event: event)
        let client = OperatorClient(socketPath: state.directory.operatorSocket)
        guard let answer = try client.call("POST", "/simulated", body: Array(try JSONEncoder().encode(order))) else {
            throw CommandFailure("Nothing serves on \(state.directory.path). Start it: apus up --simulate")
        }
        guard answer.status == 200 else { throw CommandFailure(String(decoding: answer.body, as: UTF8.self)) }
    }
}

extension SimulatedEvent: ExpressibleByArgument {}
