import ArgumentParser
import CloudTypes
import ControlPlane
import FoundationEssentials

/// `apus events`: what the operator has in mind with instances.
struct Events: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Schedule reboots, stops and retirements of instances.",
        discussion: """
            The owner reads of an event in DescribeInstanceStatus, the guest in its metadata. It is carried out at its time.
            """,
        subcommands: [Schedule.self, Cancel.self])

    struct Schedule: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Schedule an event of an instance.")

        @OptionGroup var state: StateOptions
        @Argument(help: "The instance's id.") var instance: String
        @Argument(
            help: "instance-reboot, system-reboot, system-maintenance, instance-retirement or instance-stop.")
        var code: String
        @Option(help: "When it begins: 2026-11-30T12:00:00Z.") var notBefore: String
        @Option(help: "When it is over at the latest.") var notAfter: String?
        @Option(help: "Until when the owner may put it off; without it not at all.") var deadline: String?
        @Option(help: "What the owner reads.") var description = "Scheduled by the operator"

        func run() async throws {
            let order = EventOrder(
                instance: instance, code: code, description: description, notBefore: notBefore, notAfter: notAfter,
                deadline: deadline)
            print(try state.directory.order("/events", order))
        }
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Call an event off.")

        @OptionGroup var state: StateOptions
        @Argument(help: "The instance's id.") var instance: String
        @Argument(help: "The event's id.") var event: String

        func run() async throws {
            print(try state.directory.order("/events/cancel", EventOrder(instance: instance, event: event)))
        }
    }
}

/// `apus interrupt`: takes a spot instance away, once its guest was told for as long as `apus up --spot-notice` says.
struct Interrupt: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Interrupt a Spot Instance.",
        discussion: "The guest reads of it in its metadata; two minutes later, or as `apus up --spot-notice` says, the "
            + "instance is terminated or stopped. One that hibernates does so at once.")

    @OptionGroup var state: StateOptions
    @Argument(help: "The instance's id.") var instance: String

    func run() async throws {
        print(try state.directory.order("/interruptions", EventOrder(instance: instance)))
    }
}

extension StateDirectory {
    /// Gives an order to the Apus that runs, and returns what it says.
    fileprivate func order(_ target: String, _ order: EventOrder) throws -> String {
        let client = OperatorClient(socketPath: operatorSocket)
        guard let answer = try client.call("POST", target, body: Array(try JSONEncoder().encode(order))) else {
            throw CommandFailure("No Apus runs on \(path). Start one with `apus up`.")
        }
        guard answer.status < 300 else {
            let failure = try? JSONDecoder().decode(OperatorService.Failure.self, from: Data(answer.body))
            throw CommandFailure(failure?.error ?? String(decoding: answer.body, as: UTF8.self))
        }
        return String(decoding: answer.body, as: UTF8.self)
    }
}
