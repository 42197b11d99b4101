// A cloud whose guests are simulated and whose networks are real: every interface is a pair of links in this host's
// kernel, so that a thousand interfaces need no thousand guests. Serves the API as `apus up` does, for the network
// benchmarks. Needs root, and belongs into a network namespace that stands for the host.
//
// Usage: FabricBench STATE-DIR [clean]
// Prints `ready URL`, then a line `applied VPC INTERFACES MILLISECONDS` for each network that was made so.

import APIGateway
import CloudTypes
import ControlPlane
import EC2API
import Glibc
import HTTPListener
import HostSystem
import KernelNetwork
import Logging
import NodeContract
import SQLiteStore
import STSAPI
import Simulation

@main
struct FabricBench {
    static func main() async throws {
        switch CommandLine.arguments.dropFirst().count {
        case 1: try await serve(CommandLine.arguments[1])
        case 2 where CommandLine.arguments[2] == "clean":
            try await KernelNetwork(KernelNetwork.Configuration(stateDirectory: CommandLine.arguments[1]))
                .removeEverything()
        default:
            print("usage: FabricBench STATE-DIR [clean]")
            exit(64)
        }
    }

    private static func tell(_ line: String) {
        print(line)
        fflush(nil)
    }

    private static func serve(_ directory: String) async throws {
        var configuration = KernelNetwork.Configuration(stateDirectory: directory)
        configuration.portKind = .pair
        let fabric = try KernelNetwork(configuration)
        let node = FabricNode(fabric: fabric)
        var settings = CloudSettings(region: "us-east-1", capabilities: await node.capabilities())
        (settings.quotas.networkInterfaces, settings.quotas.vpcs) = (100_000, 1_000)
        let pool = settings.publicPool
        settings.reservedPublicAddresses = Set((0..<4).map { pool.address.advanced(by: $0) } + [pool.last])
        var numbers = SystemRandomNumberGenerator()
        let nobody = AccountID(from: &numbers)
        var log = Logger(label: "fabric-bench")
        log.logLevel = .warning
        let cloud = try await Cloud.open(
            SQLiteStore(directory: directory + "/records"), settings: settings, log: log, time: SystemTime())
        try await cloud.transact(as: .system(for: nobody)) { transaction throws(EC2Error) in
            _ = transaction.ensureImageOwner()
            transaction.addSimulatedImages()
        }
        let keys = try await cloud.transact(as: .system(for: nobody)) { transaction throws(EC2Error) in
            transaction.createAccount(name: "default")
        }
        for instance in cloud.records.instances.all where instance.state == .running {
            node.resume(instance.id, launch: instance.launch)
        }
        let gateway = Gateway(cloud: cloud, node: node, services: [EC2Actions.service, STSActions.service])
        let listener = try await HTTPListener.start(on: .address(host: "127.0.0.1", port: 0), startsInline: true) {
            await gateway.answer($0)
        }
        let reconcilers = Reconcilers(cloud: cloud, node: node)
        let work = Task { try await reconcilers.run() }
        tell("ready http://127.0.0.1:\(listener.port) \(keys.accessKeyID) \(keys.secretAccessKey)")
        // The end of standard input: whoever started this is done, or gone.
        try await HostThread.run {
            var byte: UInt8 = 0
            while read(STDIN_FILENO, &byte, 1) > 0 {}
        }
        work.cancel()
        await listener.shutdown(grace: .seconds(1))
        await cloud.close()
        try await fabric.removeEverything()
    }
}
