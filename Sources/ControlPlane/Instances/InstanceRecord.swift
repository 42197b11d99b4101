// An instance as the store keeps it: what was asked for, what is wanted now, what was last observed.

package import CloudTypes
internal import InstanceTypeCatalogue
package import NodeContract

package struct InstanceRecord: TaggedRecord, Equatable {
    package static let kind = "instance"
    package static let table: TablePath<Self> = \.instances

    package var id: InstanceID
    package var account: AccountID
    package var reservation: ReservationID
    package var launchIndex: Int
    package var image: ImageID
    package var instanceType: String
    package var architecture: Architecture
    package var vCPUs: Int
    package var memoryMiB: Int
    package var keyName: String?
    /// The key pair's public half at launch, in OpenSSH's form: deleting the key pair changes nothing here.
    package var publicKey: String?
    package var vpc: VPCID
    package var subnet: SubnetID
    package var availabilityZone: String
    package var userData: [UInt8]?
    package var clientToken: String?
    package var rootDeviceName: String
    /// Device names that were mapped to instance store volumes, with their numbers; nil: none.
    package var instanceStoreDevices: [String: Int]?
    package var tags: [String: String] = [:]

    // What is wanted, and how far the world has come.
    package var wanted: Wanted = .running
    package var state: InstanceState = .pending
    package var stateReason: InstanceStateReason?
    /// As `StateTransitionReason` prints it: `User initiated (2026-11-23 08:15:00 GMT)`.
    package var transitionReason = ""
    /// When `state` last changed: deadlines count from here.
    package var stateSince: Timestamp
    /// Counts starts, from 1.
    package var launch = 1
    /// The last launch, as `LaunchTime` prints it.
    package var launchTime: Timestamp
    /// How the running stop or termination is to be done.
    package var shutdown: Shutdown = .graceful
    /// Reboots asked for and carried out so far.
    package var rebootsWanted = 0
    package var rebootsDone = 0
    /// When the last wanted reboot was asked for: a guest that does not listen is reset some minutes later.
    package var rebootSince: Timestamp?
    /// A time in which its guest is off although it is said to run; nil: none.
    package var pause: GuestPause?
    /// How far its memory outlives a stop; nil: not at all.
    package var hibernation: Hibernation?
    /// Whether it boots only when spot instances have left it their room; nil: it does not wait.
    package var waitsForRoom: Bool?
    /// Whether it was stopped when its termination was asked for: there is no guest whose room would come free.
    package var wasStopped: Bool?
    /// nil: it was launched on demand.
    package var spot: SpotTerms?
    /// What is to come, and what came lately; nil: none.
    package var events: [InstanceEvent]?

    // Attributes that callers set.
    package var disableAPITermination = false
    package var disableAPIStop = false
    package var shutdownBehavior: ShutdownBehavior = .stop
    package var isEBSOptimized = false
    package var monitoring = false
    package var metadataOptions = InstanceMetadata.Options()
    package var tenancy = Tenancy.default
    package var coreCount: Int?
    package var threadsPerCore: Int?
    package var creditSpecification: String?
    package var autoRecovery = "default"
    /// When it was booted again since its guest had died, of late; nil: never.
    package var recoveries: [Timestamp]?
    /// `default` or `disabled`; nil: `default`.
    package var rebootMigration: String?
    package var hostNameType = "ip-name"
    package var resourceNameDNSA = false
    package var resourceNameDNSAAAA = false
    package var instanceProfileARN: String?
    package var capacityReservationPreference = "open"
    /// The reservation that the instance is to run in; nil: as its preference says.
    package var capacityReservationTarget: CapacityReservationID?
    /// The reservation that it runs in, or is about to.
    package var capacityReservation: CapacityReservationID?
    /// nil: in no placement group.
    package var groupPlace: GroupPlace?
    package var hibernates = false
    package var enclaves = false
    package var kernelID: String?
    package var ramdiskID: String?
    /// How the guest boots: `uefi` or `legacy-bios`.
    package var bootMode: String?
    /// Since when its present use counts; nil: nothing is metered.
    package var reading: UsageReading?
    /// When the instance was first launched.
    package var createdAt: Timestamp

    package enum Wanted: String, Sendable, Codable { case running, stopped, terminated }
    package enum ShutdownBehavior: String, Sendable, Codable { case stop, terminate }

    package enum Shutdown: String, Sendable, Codable {
        /// Power button first, power cut when the guest does not listen.
        case graceful
        /// `Force`: a shorter patience.
        case forced
        /// `SkipOsShutdown`: the power cut at once.
        case powerCut
    }

    package init(
        id: InstanceID, account: AccountID, reservation: ReservationID, launchIndex: Int, image: ImageID,
        instanceType: String, architecture: Architecture, vCPUs: Int, memoryMiB: Int, vpc: VPCID,
        subnet: SubnetID, availabilityZone: String, rootDeviceName: String, now: Timestamp
    ) {
        (self.vCPUs, self.memoryMiB) = (vCPUs, memoryMiB)
        (self.id, self.account, self.reservation, self.launchIndex) = (id, account, reservation, launchIndex)
        (self.image, self.instanceType, self.architecture) = (image, instanceType, architecture)
        (self.vpc, self.subnet, self.availabilityZone) = (vpc, subnet, availabilityZone)
        self.rootDeviceName = rootDeviceName
        (stateSince, launchTime, createdAt) = (now, now, now)
    }

    /// What the guest takes of the host, or is about to.
    package var weight: HostShare {
        switch state {
        case .pending, .running, .stopping: share
        case .shuttingDown: wasStopped == true ? .zero : share
        case .stopped, .terminated: .zero
        }
    }

    /// What its guest takes while there is one.
    var share: HostShare {
        let devices = InstanceTypeCatalogue.facts(of: instanceType)?.devices ?? [:]
        return HostShare(vCPUs: vCPUs, memoryMiB: memoryMiB, devices: devices)
    }

    /// The slot of the reservation that it uses.
    package var coveredWeight: HostShare {
        capacityReservation == nil ? .zero : HostShare(ofType: instanceType)
    }

    package var indexKeys: [IndexKey] {
        var keys = [
            IndexKey(.vpc, vpc), IndexKey(.subnet, subnet), IndexKey(.image, image),
            IndexKey(.reservation, reservation),
        ]
        if spot != nil { keys.append(InstanceRecord.spotKey) }
        if waitsForRoom == true { keys.append(InstanceRecord.waitingKey) }
        if let groupPlace { keys.append(IndexKey(.placementGroup, groupPlace.group)) }
        if let capacityReservation { keys.append(IndexKey(.capacityReservation, capacityReservation)) }
        if tenancy == .dedicated, weight != .zero { keys.append(Tenancy.dedicatedKey(inZone: availabilityZone)) }
        return keys
    }
}
