import ArgumentParser
import FoundationEssentials
import NodeContract

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
            uses           it has used of its host what the options say
            """)

    @OptionGroup var state: StateOptions
    @Argument(help: "The instance.") var instance: String
    @Argument(help: "\(SimulatedEvent.allCases.map(\.rawValue).joined(separator: ", ")).") var event: SimulatedEvent
    @Option(help: "For `uses`: how long it has run.") var seconds = 3_600.0
    @Option(help: "For `uses`: seconds that its processors have worked.") var processorSeconds = 0.0
    @Option(help: "For `uses`: memory that it has touched.") var memoryMib = 0
    @Option(help: "For `uses`: read and written.") var diskBytes = 0
    @Option(help: "For `uses`: received and sent.") var networkBytes = 0

    func validate() throws {
        guard seconds > 0, processorSeconds >= 0, memoryMib >= 0, diskBytes >= 0, networkBytes >= 0 else {
            throw ValidationError("What is used is 0 or more, in a time that is more.")
        }
    }

    func run() throws {
        let use = GuestUse(
            seconds: seconds, processorSeconds: processorSeconds, memoryMiB: memoryMib, diskBytes: diskBytes,
            networkBytes: networkBytes)
        let order = OperatorService.SimulationOrder(instance: instance, event: event, use: event == .uses ? use : nil)
        let client = OperatorClient(socketPath: state.directory.operatorSocket)
        guard let answer = try client.call("POST", "/simulated", body: Array(try JSONEncoder().encode(order))) else {
            throw CommandFailure("Nothing serves on \(state.directory.path). Start it: apus up --simulate")
        }
        guard answer.status == 200 else { throw CommandFailure(String(decoding: answer.body, as: UTF8.self)) }
    }
}

extension SimulatedEvent: ExpressibleByArgument {}
