import APIGateway
import AWSWire
import CloudTypes
import ControlPlane
import InstanceTypeCatalogue
import NodeContract

/// `GetConsoleOutput`: the end of the serial console's log as it is now, whether or not the latest is asked for.
enum GetConsoleOutput: LiveAction {
    typealias Operation = EC2.Operation.GetConsoleOutput

    static func rehearse(
        _ input: EC2.GetConsoleOutputRequest, _ transaction: inout Transaction
    ) throws(EC2Error) {
        _ = try instance(input, transaction)
    }

    /// - Throws: `UnsupportedOperation` where the latest is asked for of a type that AWS does not have it of.
    private static func instance(
        _ input: EC2.GetConsoleOutputRequest, _ transaction: Transaction
    ) throws(EC2Error) -> InstanceRecord {
        let instance: InstanceRecord = try transaction.owned(try Lookup.id(input.instanceID))
        guard input.latest != true || InstanceTypeCatalogue.facts(of: instance.instanceType)?.hypervisor != "xen"
        else {
            throw .unsupported("This instance type does not support retrieving the latest console logs.")
        }
        return instance
    }

    static func perform(
        _ input: EC2.GetConsoleOutputRequest, for caller: Caller, in cloud: Cloud, on node: any Node
    ) async throws(EC2Error) -> EC2.GetConsoleOutputResult {
        let instance = try instance(input, cloud.snapshot(as: caller))
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
