// The orders that a running Apus takes from its operator, over a socket that only its owner can open.

import CloudTypes
import ControlPlane
import FoundationEssentials
import HTTPListener
import NodeContract

struct OperatorService: Sendable {
    let cloud: Cloud
    let node: any Node
    let images: (any ImageStore)?
    let snapshots: (any SnapshotKeeper)?

    func answer(_ request: HTTPRequest) async -> HTTPResponse {
        do {
            switch (request.method, String(request.path)) {
            case ("GET", "/status"): return try json(200, await status())
            case ("POST", "/accounts"): return try json(201, try await createAccount(request.body))
            case ("GET", "/images"): return try json(200, imageList())
            case ("POST", "/images"): return try json(201, try await registerImage(request.body))
            case ("GET", "/snapshots"): return try json(200, snapshotList())
            case ("POST", "/snapshots/verify"): return try json(200, try await verifySnapshot(request.body))
            case ("POST", "/snapshots/export"): return try json(200, try await exportSnapshot(request.body))
            case ("POST", "/snapshots/import"): return try json(201, try await importSnapshot(request.body))
            case ("GET", "/credits"): return try json(200, creditLines())
            case ("POST", "/types/find"): return try json(200, try await findTypes(request.body))
            case ("POST", "/limits"): return try json(200, try limits(request.body))
            case ("POST", "/usage"): return try usage(request.body)
            case ("POST", "/console"): return try json(200, try openConsole(request.body))
            case ("POST", "/simulated"): return try json(200, try befall(request.body))
            case ("POST", "/events"): return try json(201, try await scheduleEvent(request.body))
            case ("POST", "/events/cancel"): return try json(200, try await cancelEvent(request.body))
            case ("POST", "/interruptions"): return try json(200, try await interrupt(request.body))
            case ("POST", "/gc"): return try json(200, try await collectGarbage(request.body))
            default: return try json(404, Failure(error: "unknown order"))
            }
        } catch let error as EC2Error {
            return failure(error.message)
        } catch {
            return failure("\(error)")
        }
    }

    static let noDisks = "A simulated cloud has no disks to import."

    struct Failure: Codable { var error: String }
    struct AccountOrder: Codable { var name: String? }

    struct Status: Codable {
        var serving = true
        /// Where, and by which process; filled in by the command, which knows it from the state.
        var endpoint: String?
        var pid: Int32?
        var simulated: Bool
        var region: String
        var acceleration: String
        var accounts: Int
        var instances: [String: Int]
        var volumes: Int
        var vpcs: Int
        var images: Int
        var residentMiB: Int
        /// Of the disk that volumes and snapshots lie on; nil: the cloud is simulated.
        var freeDiskMiB: Int?
        /// Instances that stand still until there is room on it.
        var waitingForSpace: [String]
    }

    private func status() async -> Status {
        let records = cloud.records
        let states = records.instances.all.map(\.state.rawValue)
        let capabilities = await node.capabilities()
        return Status(
            simulated: images == nil, region: cloud.settings.region,
            acceleration: capabilities.acceleration, accounts: records.accounts.count,
            instances: Dictionary(states.map { ($0, 1) }, uniquingKeysWith: +), volumes: records.volumes.count,
            vpcs: records.vpcs.count, images: records.images.count, residentMiB: ProcessMemory.residentMiB,
            freeDiskMiB: capabilities.freeDiskMiB,
            waitingForSpace: (capabilities.starvedGuests ?? []).map(\.description))
    }

    private func createAccount(_ body: [UInt8]) async throws -> Credentials {
        let order = try body.isEmpty ? AccountOrder() : JSONDecoder().decode(AccountOrder.self, from: Data(body))
        return try await cloud.createAccount(name: order.name ?? "account")
    }

    private func imageList() -> [ImageLine] {
        let records = cloud.records
        return records.images.all.sorted { $0.name < $1.name }.map {
            ImageLine($0, ownerAlias: records.ownerAlias(of: $0))
        }
    }

    private func registerImage(_ body: [UInt8]) async throws -> ImageLine {
        guard let images else { throw CommandFailure(Self.noDisks) }
        return try await images.register(try JSONDecoder().decode(ImageOrder.self, from: Data(body)), in: cloud)
    }

    struct ConsoleOrder: Codable { var instance: String }

    /// Says whether the console may be used; whoever may use this socket may open its files.
    private func openConsole(_ body: [UInt8]) throws -> ConsoleOrder {
        let order = try JSONDecoder().decode(ConsoleOrder.self, from: Data(body))
        guard images != nil else { throw CommandFailure("A simulated guest has no console.") }
        guard let id = InstanceID(order.instance), let instance = cloud.records.instances[id],
            instance.state == .running || instance.state == .stopping
        else { throw CommandFailure("No instance \(order.instance) runs.") }
        guard cloud.records.accounts[instance.account]?.allowsSerialConsoles == true else {
            throw CommandFailure(
                "The account \(instance.account) does not allow serial consoles: aws ec2 enable-serial-console-access")
        }
        return order
    }

    private func usage(_ body: [UInt8]) throws -> HTTPResponse {
        let order = try JSONDecoder().decode(UsageOrder.self, from: Data(body))
        let text = try order.report(at: cloud.now).csv(of: cloud.records, at: cloud.now)
        return HTTPResponse(status: 200, headers: [("Content-Type", "text/csv")], body: Array(text.utf8))
    }

    private func json<Value: Encodable>(_ status: Int, _ value: Value) throws -> HTTPResponse {
        HTTPResponse(
            status: status, headers: [("Content-Type", "application/json")],
            body: Array(try JSONEncoder().encode(value)))
    }

    private func failure(_ text: String) -> HTTPResponse {
        HTTPResponse(
            status: 400, headers: [("Content-Type", "application/json")],
            body: Array((try? JSONEncoder().encode(Failure(error: text))) ?? Data()))
    }
}

/// An image as `apus image list` shows it.
struct ImageLine: Codable, Sendable {
    var imageId: String
    var name: String
    var architecture: String
    var sizeGiB: Int
    var state: String
    /// `amazon`: the operator's own.
    var ownerAlias: String?

    init(_ image: ImageRecord, ownerAlias: String?) {
        self.ownerAlias = ownerAlias
        (imageId, name) = (image.id.description, image.name)
        (architecture, state) = (image.architecture.rawValue, image.state.rawValue)
        sizeGiB = image.blockDevices.compactMap { $0.ebs?.sizeGiB }.max() ?? 0
    }
}

/// An order to take a disk image in.
struct ImageOrder: Codable, Sendable {
    var name: String
    var description: String?
    var architecture: String
    /// The disk, on this host.
    var diskPath: String
    var format: String?
    var kernelPath: String?
    var ramdiskPath: String?
    var kernelArguments: String?
    var rootDeviceName: String?
    var bootMode: String?
}

/// Takes disk images in as AMIs.
protocol ImageStore: Sendable {
    func register(_ order: ImageOrder, in cloud: Cloud) async throws -> ImageLine
}

enum ProcessMemory {
    /// Resident memory of this process in MiB, from /proc/self/statm.
    static var residentMiB: Int {
        guard let data = FileManager.default.contents(atPath: "/proc/self/statm") else { return 0 }
        let fields = String(decoding: data, as: UTF8.self).split(separator: " ")
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * 4 / 1024 : 0
    }
}

extension Cloud {
    /// An account with a default VPC of its own.
    ///
    /// - Parameter isPrepared: whether the VPC is made now, or at the account's first call.
    func createAccount(name: String, isPrepared: Bool = true) async throws(EC2Error) -> Credentials {
        let made = try await transact(as: .system(for: operatorAccount)) { transaction throws(EC2Error) in
            transaction.createAccount(name: name)
        }
        if isPrepared { try await prepareAccount(of: .system(for: made.account)) }
        return Credentials((made.account.description, made.accessKeyID, made.secretAccessKey))
    }

    /// Stands as the caller where the operator acts for nobody in particular.
    var operatorAccount: AccountID { records.accounts.all.first?.id ?? AccountID.none }
}

extension AccountID {
    /// No account: twelve zeros.
    static let none: AccountID = {
        var zeros = ZeroGenerator()
        return AccountID("000000000000") ?? AccountID(from: &zeros)
    }()
}

private struct ZeroGenerator: RandomNumberGenerator {
    mutating func next() -> UInt64 { 0 }
}
