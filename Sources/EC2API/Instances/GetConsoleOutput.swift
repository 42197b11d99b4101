import APIGateway
import AWSWire
import CloudTypes
import ControlPlane
import NodeContract

/// `GetConsoleOutput`: the end of the serial console's log as it is now, whether or not the latest is asked for.
enum GetConsoleOutput: LiveAction {
    typealias Operation = EC2.Operation.GetConsoleOutput

    static func rehearse(
        _ input: EC2.GetConsoleOutputRequest, _ transaction: inout Transaction
    ) throws(EC2Error) {
        let _: InstanceRecord = try transaction.owned(try Lookup.id(input.instanceID))
    }

    static func perform(
        _ input: EC2.GetConsoleOutputRequest, for caller: Caller, in cloud: Cloud, on node: any Node
    ) async throws(EC2Error) -> EC2.GetConsoleOutputResult {
        let instance: InstanceRecord = try cloud.snapshot(as: caller).owned(try Lookup.id(input.instanceID))
        let output: ConsoleOutput?
        do {
            output = try await node.consoleOutput(of: instance.id)
        } catch .noSuchGuest {
            output = nil
        } catch {
            throw .internalError(logged: "the console of \(instance.id) cannot be read: \(error)")
        }
        return EC2.GetConsoleOutputResult(
            instanceID: instance.id.description, timestamp: output?.lastWritten ?? instance.launchTime,
            output: output.map { Base64.encode($0.bytes) })
    }
}
