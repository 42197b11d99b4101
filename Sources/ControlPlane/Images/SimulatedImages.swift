// Images for a cloud that boots nothing: named, mapped and owned as the public ones that scripts and modules look for.
// Their ids are the same in every such cloud.

internal import CloudTypes
internal import NodeContract

extension Transaction {
    /// Makes the images that are not there yet.
    package mutating func addSimulatedImages() {
        let owner = ensureImageOwner()
        for (id, name) in SimulatedImage.owners where state.accounts[id] == nil {
            put(AccountRecord(id: id, name: name, createdAt: now, ownerAlias: "amazon"))
        }
        for image in SimulatedImage.all {
            let record = image.record(owner: image.owner ?? owner)
            guard state.images[record.id] == nil else { continue }
            for mapping in record.blockDevices {
                guard let id = mapping.ebs?.snapshot, let size = mapping.ebs?.sizeGiB else { continue }
                var snapshot = SnapshotRecord(
                    id: id, account: record.account, sizeGiB: size,
                    description: "Created by CreateImage for \(record.id)", startedAt: record.createdAt)
                snapshot.isPublic = true
                put(snapshot)
            }
            put(record)
        }
    }
}

private struct SimulatedImage {
    var name: String
    var description: String
    var architecture: Architecture
    /// nil: the account behind `amazon`.
    var owner: AccountID?
    var rootDeviceName = "/dev/xvda"
    var rootDeviceType = ImageRecord.RootDeviceType.ebs
    var sizeGiB = 8
    var volumeType = "gp3"
    var virtualNames: [String: String] = [:]
    var bootMode: String?
    var imdsSupport: String?
    var isWindows = false
    /// Year, month, day of its creation.
    var date = (2025, 11, 12)

    func record(owner: AccountID) -> ImageRecord {
        var generator = NameGenerator(name)
        var image = ImageRecord(
            id: ImageID(from: &generator), account: owner, name: name, architecture: architecture,
            createdAt: CivilTime(year: date.0, month: date.1, day: date.2, hour: 9).timestamp,
            rootDeviceName: rootDeviceName)
        image.description = description
        image.isPublic = true
        image.imageLocation = "amazon/\(name)"
        (image.bootMode, image.imdsSupport) = (bootMode, imdsSupport)
        image.sriovNetSupport = "simple"
        image.rootDeviceType = rootDeviceType
        switch rootDeviceType {
        case .ebs:
            let ebs = ImageRecord.EBS(
                snapshot: SnapshotID(from: &generator), sizeGiB: sizeGiB, volumeType: volumeType)
            image.blockDevices = [ImageRecord.BlockDevice(deviceName: rootDeviceName, ebs: ebs)]
        case .instanceStore:
            image.imageLocation = "amzn-ami-us-east-1/\(name).manifest.xml"
        }
        for (device, name) in virtualNames.sorted(by: { $0.key < $1.key }) {
            image.blockDevices.append(ImageRecord.BlockDevice(deviceName: device, virtualName: name))
        }
        if isWindows {
            (image.platform, image.platformDetails, image.usageOperation) = ("windows", "Windows", "RunInstances:0002")
        }
        return image
    }
}

extension SimulatedImage {
    private static let canonical = AccountID("099720109477")
    private static let debian = AccountID("136693071363")
    private static let microsoft = AccountID("801119661308")

    static let owners = [(canonical, "canonical"), (debian, "debian"), (microsoft, "microsoft")]
        .compactMap { id, name in id.map { ($0, name) } }

    static var all: [SimulatedImage] {
        let both = [Architecture.x86_64, .arm64]
        return both.flatMap { amazonLinux($0) + ubuntu($0) + debian($0) } + windows + [instanceStore]
    }

    private static func amazonLinux(_ architecture: Architecture) -> [SimulatedImage] {
        let name = architecture.rawValue
        var images = ["6.1", "6.12"].map { kernel in
            SimulatedImage(
                name: "al2023-ami-2023.9.20251110.1-kernel-\(kernel)-\(name)",
                description: "Amazon Linux 2023 AMI 2023.9.20251110 \(name) HVM kernel-\(kernel)",
                architecture: architecture)
        }
        images.append(
            SimulatedImage(
                name: "al2023-ami-minimal-2023.9.20251110.1-kernel-6.1-\(name)",
                description: "Amazon Linux 2023 AMI 2023.9.20251110 \(name) Minimal HVM kernel-6.1",
                architecture: architecture, sizeGiB: 2))
        for place in images.indices {
            images[place].bootMode = architecture == .arm64 ? "uefi" : "uefi-preferred"
            images[place].imdsSupport = "v2.0"
        }
        for kernel in ["", "kernel-5.10-"] {
            var image = SimulatedImage(
                name: "amzn2-ami-\(kernel)hvm-2.0.20251110.1-\(name)-gp2",
                description: "Amazon Linux 2 AMI 2.0.20251110.1 \(name) HVM gp2", architecture: architecture,
                volumeType: "gp2")
            image.bootMode = architecture == .arm64 ? "uefi" : nil
            images.append(image)
        }
        return images
    }

    private static func ubuntu(_ architecture: Architecture) -> [SimulatedImage] {
        let name = architecture == .x86_64 ? "amd64" : "arm64"
        let releases = [
            ("hvm-ssd-gp3", "noble", "24.04", "gp3"), ("hvm-ssd", "jammy", "22.04", "gp2"),
            ("hvm-ssd", "focal", "20.04", "gp2"),
        ]
        return releases.map { folder, word, version, volumeType in
            SimulatedImage(
                name: "ubuntu/images/\(folder)/ubuntu-\(word)-\(version)-\(name)-server-20251022",
                description: "Canonical, Ubuntu, \(version), \(name) \(word) image", architecture: architecture,
                owner: canonical, rootDeviceName: "/dev/sda1", volumeType: volumeType,
                virtualNames: ["/dev/sdb": "ephemeral0", "/dev/sdc": "ephemeral1"],
                bootMode: architecture == .arm64 ? "uefi" : "uefi-preferred",
                imdsSupport: word == "noble" ? "v2.0" : nil, date: (2025, 10, 22))
        }
    }

    private static func debian(_ architecture: Architecture) -> [SimulatedImage] {
        let name = architecture == .x86_64 ? "amd64" : "arm64"
        return [(13, "20251117-2299"), (12, "20251112-2294"), (11, "20251103-2285")].map { version, build in
            SimulatedImage(
                name: "debian-\(version)-\(name)-\(build)", description: "Debian \(version) (\(build))",
                architecture: architecture, owner: debian,
                bootMode: architecture == .arm64 ? "uefi" : "uefi-preferred")
        }
    }

    private static var windows: [SimulatedImage] {
        ["2025", "2022", "2019"].map { version in
            SimulatedImage(
                name: "Windows_Server-\(version)-English-Full-Base-2025.11.12",
                description: "Microsoft Windows Server \(version) Full Locale English AMI provided by Amazon",
                architecture: .x86_64, owner: microsoft, rootDeviceName: "/dev/sda1", sizeGiB: 30,
                volumeType: version == "2025" ? "gp3" : "gp2",
                virtualNames: ["xvdca": "ephemeral0", "xvdcb": "ephemeral1"],
                bootMode: version == "2025" ? "uefi" : nil, isWindows: true)
        }
    }

    private static var instanceStore: SimulatedImage {
        SimulatedImage(
            name: "amzn-ami-hvm-2018.03.0.20231218.0-x86_64-s3",
            description: "Amazon Linux AMI 2018.03.0.20231218.0 x86_64 HVM S3", architecture: .x86_64,
            rootDeviceName: "/dev/sda1", rootDeviceType: .instanceStore,
            virtualNames: ["/dev/sdb": "ephemeral0"], date: (2023, 12, 18))
    }
}

/// Numbers that follow from a name alone: FNV-1a for the first state, SplitMix64 from there.
private struct NameGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(_ name: String) {
        state = name.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
