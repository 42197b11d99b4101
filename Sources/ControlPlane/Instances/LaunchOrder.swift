// What a launch asks for, in the cloud's own words: every text parsed, nothing looked up yet.

package import CloudTypes

package struct LaunchOrder: Sendable {
    package var image: ImageID
    package var instanceType: String
    package var counts: ClosedRange<Int>
    package var keyName: String?
    package var zone: String?
    /// nil: in no placement group.
    package var group: GroupWish?
    package var tenancy = Tenancy.default
    package var clientToken: String?
    package var userData: [UInt8]?
    /// The primary interface and those beside it; one without settings where none is named.
    package var interfaces: [Interface] = [Interface(deviceIndex: 0)]
    package var blockDevices: [BlockDevice] = []
    package var metadataOptions: MetadataWish = MetadataWish()
    package var attributes = Attributes()
    package var instanceTags: [String: String] = [:]
    package var volumeTags: [String: String] = [:]
    package var interfaceTags: [String: String] = [:]
    /// nil: on demand.
    package var spot: SpotWish?
    /// The request that the launch fulfils; nil: each instance gets one of its own.
    package var spotRequest: SpotRequestID?
    package var spotRequestTags: [String: String] = [:]

    package init(image: ImageID, instanceType: String, counts: ClosedRange<Int>) {
        (self.image, self.instanceType, self.counts) = (image, instanceType, counts)
    }

    /// A placement group by name or by id, and maybe which of its partitions.
    package struct GroupWish: Sendable {
        package var name: String?
        package var id: PlacementGroupID?
        package var partition: Int?
        package init() {}
    }

    package struct Interface: Sendable {
        package var deviceIndex: Int
        package var existing: NetworkInterfaceID?
        package var subnet: SubnetID?
        package var groups: [SecurityGroupID] = []
        package var groupNames: [String] = []
        package var privateAddress: IPv4Address?
        /// nil: as the subnet says.
        package var wantsPublicAddress: Bool?
        package var description = ""
        package var deleteOnTermination: Bool?
        package init(deviceIndex: Int) { self.deviceIndex = deviceIndex }
    }

    /// One mapping of the request, to be laid over the image's own.
    package struct BlockDevice: Sendable {
        package var deviceName: String
        package var isSuppressed = false
        /// The instance store volume that the device should stand for: 0 is `ephemeral0`.
        package var instanceStore: Int?
        package var snapshot: SnapshotID?
        package var sizeGiB: Int?
        package var volumeType: String?
        package var iops: Int?
        package var throughput: Int?
        package var encryption = EncryptionWish()
        package var deleteOnTermination: Bool?
        package init(deviceName: String) { self.deviceName = deviceName }
    }

    /// nil: the image's default, else the account's.
    package struct MetadataWish: Sendable {
        package var isEnabled: Bool?
        package var requiresToken: Bool?
        package var hopLimit: Int?
        package var showsTags: Bool?
        package init() {}
    }

    package struct Attributes: Sendable {
        package var disableAPITermination = false
        package var disableAPIStop = false
        package var shutdownBehavior: InstanceRecord.ShutdownBehavior = .stop
        package var isEBSOptimized = false
        package var monitoring = false
        package var coreCount: Int?
        package var threadsPerCore: Int?
        package var creditSpecification: String?
        package var autoRecovery = "default"
        package var hostNames = HostNameWish()
        package var hibernates = false
        /// `open`, `none` or `capacity-reservations-only`.
        package var capacityReservationPreference = "open"
        package var capacityReservationTarget: CapacityReservationID?
        package init() {}
    }
}

/// What a launch made.
package struct Launch: Sendable {
    package let reservation: ReservationID
    package let instances: [InstanceRecord]
}
