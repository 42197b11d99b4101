import APIGateway
import AWSWire
import CloudTypes
import ControlPlane
import NodeContract

/// `GetConsoleScreenshot`: what the screen of an instance that runs shows now, as a JPEG file.
enum GetConsoleScreenshot: LiveAction {
    typealias Operation = EC2.Operation.GetConsoleScreenshot

    static func rehearse(
        _ input: EC2.GetConsoleScreenshotRequest, _ transaction: inout Transaction
    ) throws(EC2Error) {
        _ = try running(input, transaction)
    }

    static func perform(
        _ input: EC2.GetConsoleScreenshotRequest, for caller: Caller, in cloud: Cloud, on node: any Node
    ) async throws(EC2Error) -> EC2.GetConsoleScreenshotResult {
        let instance = try running(input, cloud.snapshot(as: caller))
        let picture: [UInt8]
        do {
            picture = try await node.screenshot(of: instance.id, wakingUp: input.wakeUp == true)
        } catch .noSuchGuest {
            throw notRunning(instance.id)
        } catch {
            throw .internalError(logged: "the screen of \(instance.id) cannot be seen: \(error)")
        }
        return EC2.GetConsoleScreenshotResult(
            imageData: Base64.encode(picture), instanceID: instance.id.description)
    }

    private static func running(
        _ input: EC2.GetConsoleScreenshotRequest, _ transaction: Transaction
    ) throws(EC2Error) -> InstanceRecord {
        let instance: InstanceRecord = try transaction.owned(try Lookup.id(input.instanceID))
        guard instance.state == .running else { throw notRunning(instance.id) }
        return instance
    }

    private static func notRunning(_ id: InstanceID) -> EC2Error {
        EC2Error("IncorrectInstanceState", "The instance '\(id)' is not in the 'running' state.")
    }
}
