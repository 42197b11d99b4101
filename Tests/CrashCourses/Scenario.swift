// Stories that a cloud must survive: what clients ask and what befalls guests, in order.

import ControlPlane

package struct Scenario: Sendable, CustomStringConvertible {
    enum Event: Sendable {
        case ask(Operation)
        /// The client asks for the launch once more, with its token.
        case askAgain(Operation.Launch)
        /// Everything comes to rest.
        case settle
        case pass(seconds: Double)
        /// The guests' own system powers off.
        case shutDownInside(String)
        /// The guests' processes die.
        case die(String)
        /// The guests no longer listen to the power button and to Ctrl-Alt-Delete.
        case deafen(String)
        /// The guests' memory cannot be saved.
        case makeForgetful(String)
        /// The guests let go of no disk, until they are switched off.
        case cling(String)
        /// The guests keep so many of their processors busy.
        case work(String, processors: Double)
        /// The operator takes spot instances away, with two minutes' notice.
        case interrupt(String)
        /// The operator has an event in store for instances, in so many seconds.
        case schedule(InstanceEvent.Code, String, in: Double)
    }

    let name: String
    var premises = Premises()
    /// The codes by which the story is refused what it asks for, undisturbed; nil: nobody looks.
    package var refusals: [String]?
    let events: [Event]
    package var description: String { name }
}

extension Scenario {
    /// Those whose names have `APUS_STORY` in them, where that is said.
    package static let chosen = Effort.text("APUS_STORY").map { part in all.filter { $0.name.contains(part) } } ?? all

    package static let all =
        [
            shortLife, lifeOfAnInstance, severalAtOnce, ownNetwork, addresses, endsByThemselves, deafGuests, hurried,
            travellingVolume, clingingGuest, hurriedVolumes, imagesOfInstances, copiedImages, replacedRoots,
            snapshotsOfVolumes, snapshotsOfInstances, volumesOfSnapshots, binnedSnapshots, copiedVolumes,
            fastRestores, encryption, hibernation, hibernationInDoubt, hibernationInHaste, sharedVolumes,
        ] + capacity

    package static let shortLife = Scenario(
        name: "launch and terminate", events: [.ask(.launch(.init(name: "a"))), .settle, .ask(.terminate("a"))])

    package static let twoLaunches = Scenario(
        name: "two launches",
        events: [.ask(.launch(.init(name: "a", hasMoreVolumes: true))), .ask(.launch(.init(name: "b"))), .settle])

    package static let lifeOfAnInstance = Scenario(
        name: "launch, reboot, stop, start, terminate",
        events: [
            .ask(.launch(.init(name: "a", hasMoreVolumes: true))), .askAgain(.init(name: "a", hasMoreVolumes: true)),
            .settle, .ask(.tag("a", key: "role", value: "web")), .ask(.reboot("a")), .settle, .ask(.stop("a")), .settle,
            .ask(.start("a")), .settle, .ask(.stop("a", .forced)), .settle, .ask(.start("a")),
            .ask(.terminate("a")), .settle,
        ])

    package static let severalAtOnce = Scenario(
        name: "launches of several side by side",
        events: [
            .ask(.launch(.init(name: "a", count: 3))), .ask(.launch(.init(name: "b", count: 2))), .settle,
            .ask(.stop("a")), .ask(.terminate("b", .skipped)), .settle, .ask(.start("a")), .settle,
        ])

    package static let ownNetwork = Scenario(
        name: "a network of one's own",
        events: [
            .ask(.createVPC("net", block: "10.0.0.0/16")), .ask(.createSubnet("sub", vpc: "net", block: "10.0.1.0/24")),
            .ask(.createGateway("gate")), .ask(.attach(gateway: "gate", vpc: "net")),
            .ask(.createTable("table", vpc: "net")), .ask(.createRoute(table: "table", gateway: "gate")),
            .ask(.associateTable("table", subnet: "sub")), .ask(.createGroup("web", vpc: "net")),
            .ask(.authorize("web", port: 22)), .ask(.launch(.init(name: "a", subnet: "sub", group: "web"))), .settle,
            .ask(.authorize("web", port: 80)), .ask(.revoke("web", port: 22)), .settle, .ask(.terminate("a")), .settle,
            .ask(.delete(.group, "web")), .ask(.delete(.subnet, "sub")), .ask(.delete(.table, "table")),
            .ask(.detach(gateway: "gate", vpc: "net")), .ask(.delete(.gateway, "gate")), .ask(.delete(.vpc, "net")),
        ])

    package static let addresses = Scenario(
        name: "an address that moves between networks",
        events: [
            .ask(.createVPC("net", block: "10.0.0.0/16")), .ask(.createSubnet("sub", vpc: "net", block: "10.0.1.0/24")),
            .ask(.createGateway("gate")), .ask(.attach(gateway: "gate", vpc: "net")),
            .ask(.launch(.init(name: "a"))), .ask(.launch(.init(name: "b", subnet: "sub"))),
            .ask(.allocateAddress("ip")), .ask(.associate(address: "ip", instance: "a")), .settle,
            .ask(.associate(address: "ip", instance: "b")), .settle, .ask(.disassociate("ip")), .settle,
            .ask(.associate(address: "ip", instance: "a")), .settle, .ask(.stop("a")), .settle, .ask(.terminate("a")),
            .settle, .ask(.release("ip")),
        ])

    package static let endsByThemselves = Scenario(
        name: "guests that end by themselves",
        events: [
            .ask(.launch(.init(name: "a"))), .ask(.launch(.init(name: "b", terminatesItself: true))),
            .ask(.launch(.init(name: "c"))), .settle, .shutDownInside("a"), .shutDownInside("b"), .die("c"), .settle,
            .ask(.start("a")), .ask(.start("c")), .settle, .die("a"), .ask(.stop("c")), .shutDownInside("c"), .settle,
            .ask(.terminate("a")), .settle,
        ])

    package static let deafGuests = Scenario(
        name: "guests that do not listen",
        events: [
            .ask(.launch(.init(name: "a"))), .ask(.launch(.init(name: "b"))), .settle, .deafen("a"), .deafen("b"),
            .ask(.reboot("a")), .pass(seconds: 60), .ask(.stop("b")), .pass(seconds: 30), .ask(.stop("b", .forced)),
            .settle, .ask(.start("b")), .settle, .ask(.stop("a")), .pass(seconds: 119), .pass(seconds: 2),
            .ask(.terminate("a")), .ask(.terminate("b")), .settle,
        ])

    package static let hurried = Scenario(
        name: "orders that overtake the world",
        events: [
            .ask(.launch(.init(name: "a"))), .ask(.terminate("a")), .ask(.launch(.init(name: "b"))), .ask(.reboot("b")),
            .ask(.stop("b")), .settle, .ask(.stop("b")), .ask(.start("b")), .ask(.tag("b", key: "k", value: "v")),
            .ask(.stop("b")), .settle, .ask(.stop("b")), .settle, .ask(.start("b")), .ask(.terminate("b")), .settle,
        ])

    package static let travellingVolume = Scenario(
        name: "a volume that moves between instances and grows",
        events: [
            .ask(.launch(.init(name: "a"))), .ask(.launch(.init(name: "b"))), .ask(.createVolume("v", size: 1)),
            .settle, .ask(.attachVolume("v", instance: "a", device: "/dev/sdf")), .settle,
            .ask(.growVolume("v", size: 2)), .settle, .ask(.detachVolume("v")), .settle,
            .ask(.growVolume("v", size: 3)), .settle,
            .ask(.attachVolume("v", instance: "b", device: "/dev/sdf")), .settle, .ask(.stop("b")), .settle,
            .ask(.growVolume("v", size: 4)), .settle, .ask(.start("b")), .settle, .ask(.terminate("b")), .settle,
        ])

    package static let imagesOfInstances = Scenario(
        name: "images of instances that run, are deaf, and stop",
        events: [
            .ask(.launch(.init(name: "a", hasMoreVolumes: true))), .ask(.launch(.init(name: "b"))), .settle,
            .ask(.createImage("clean", instance: "a", reboots: true)), .settle,
            .ask(.createImage("live", instance: "a", reboots: false)), .settle, .deafen("b"),
            .ask(.createImage("deaf", instance: "b", reboots: true)), .pass(seconds: 121), .settle,
            .ask(.createImage("overtaken", instance: "a", reboots: true)), .ask(.stop("a")), .settle,
            .ask(.createImage("still", instance: "a", reboots: true)), .ask(.terminate("b")), .settle,
        ])

    package static let copiedImages = Scenario(
        name: "images that are copied and outlive what they were made of",
        events: [
            .ask(.launch(.init(name: "a", hasMoreVolumes: true))), .settle,
            .ask(.createImage("golden", instance: "a", reboots: false)), .settle,
            .ask(.copyImage("copy", of: "golden")), .ask(.deregisterImage("golden")), .settle,
            .ask(.copyImage("second", of: "copy")), .ask(.terminate("a")), .settle,
        ])

    package static let snapshotsOfVolumes = Scenario(
        name: "snapshots of a volume, copied, locked, deleted in any order",
        events: [
            .ask(.launch(.init(name: "a"))), .ask(.createVolume("v", size: 1)), .settle,
            .ask(.attachVolume("v", instance: "a", device: "/dev/sdf")), .settle,
            .ask(.createSnapshot("first", of: "v")), .ask(.createSnapshot("second", of: "v")), .settle,
            .ask(.copySnapshot("copy", of: "first")), .ask(.delete(.snapshot, "first")), .settle,
            .ask(.lockSnapshot("second")), .ask(.delete(.snapshot, "second")), .settle,
            .ask(.unlockSnapshot("second")), .ask(.createSnapshot("brief", of: "v")),
            .ask(.delete(.snapshot, "brief")), .ask(.detachVolume("v")), .settle,
            .ask(.createSnapshot("last", of: "v")), .ask(.delete(.volume, "v")), .ask(.delete(.snapshot, "second")),
            .settle,
        ])

    package static let snapshotsOfInstances = Scenario(
        name: "snapshots of all volumes of an instance that runs, stops, is stopped, and starts",
        events: [
            .ask(.launch(.init(name: "a", hasMoreVolumes: true))), .settle,
            .ask(.createSnapshots("live", instance: "a", count: 3)), .ask(.stop("a")), .settle,
            .ask(.createSnapshots("still", instance: "a", count: 3)), .ask(.start("a")),
            .ask(.createSnapshots("starting", instance: "a", count: 3)), .settle, .ask(.delete(.snapshot, "live/2")),
            .ask(.terminate("a")), .settle,
        ])

    package static let volumesOfSnapshots = Scenario(
        name: "volumes of snapshots that are deleted meanwhile",
        events: [
            .ask(.launch(.init(name: "a"))), .ask(.createVolume("v", size: 1)), .settle,
            .ask(.createSnapshot("s", of: "v")), .settle, .ask(.createVolumeOf("w", snapshot: "s", size: 2)),
            .ask(.delete(.snapshot, "s")), .settle, .ask(.attachVolume("w", instance: "a", device: "/dev/sdf")),
            .ask(.createSnapshot("t", of: "w")), .settle, .ask(.copySnapshot("c", of: "t")),
            .ask(.createVolumeOf("x", snapshot: "t", size: 2)), .ask(.delete(.snapshot, "t")), .settle,
            .ask(.detachVolume("w")), .settle, .ask(.createVolumeOf("y", snapshot: "c", size: 3)),
            .ask(.delete(.volume, "w")), .ask(.delete(.snapshot, "c")), .settle,
        ])

    package static let binnedSnapshots = Scenario(
        name: "snapshots that go to the recycle bin, come back, and leave it for good",
        events: [
            .ask(.createVolume("v", size: 1)), .settle, .ask(.createSnapshot("s", of: "v", isKept: true)), .settle,
            .ask(.createSnapshot("t", of: "v", isKept: true)), .settle, .ask(.delete(.snapshot, "s")),
            .ask(.delete(.snapshot, "t")), .settle, .ask(.restoreSnapshot("s")),
            .ask(.createVolumeOf("w", snapshot: "s", size: 1)), .ask(.delete(.snapshot, "s")), .settle,
            .pass(seconds: 100_000), .settle,
        ])

    package static let copiedVolumes = Scenario(
        name: "copies of volumes in use and free, whose source goes meanwhile",
        events: [
            .ask(.launch(.init(name: "a"))), .ask(.createVolume("v", size: 1)), .settle,
            .ask(.attachVolume("v", instance: "a", device: "/dev/sdf")), .settle,
            .ask(.copyVolume("w", of: "v", size: 1)), .ask(.createSnapshot("s", of: "v")), .ask(.detachVolume("v")),
            .settle, .ask(.copyVolume("x", of: "v", size: 2)), .ask(.delete(.volume, "v")), .settle,
            .ask(.attachVolume("w", instance: "a", device: "/dev/sdf")), .ask(.copyVolume("y", of: "w", size: 2)),
            .ask(.delete(.volume, "x")), .settle, .ask(.delete(.volume, "y")), .settle,
        ])

    package static let fastRestores = Scenario(
        name: "snapshots that are kept ready, and deleted while they are",
        events: [
            .ask(.createVolume("v", size: 1)), .settle, .ask(.createSnapshot("s", of: "v")),
            .ask(.enableFastRestore("s")), .settle, .pass(seconds: 3_600),
            .ask(.createVolumeOf("w", snapshot: "s", size: 1)), .ask(.disableFastRestore("s")), .settle,
            .ask(.enableFastRestore("s")), .settle, .ask(.createVolumeOf("x", snapshot: "s", size: 1)),
            .ask(.delete(.snapshot, "s")), .settle, .ask(.createSnapshot("t", of: "v")), .settle,
            .ask(.enableFastRestore("t")), .ask(.delete(.snapshot, "t")), .settle,
        ])

    package static let encryption = Scenario(
        name: "an account that begins to encrypt, and takes another key",
        events: [
            .ask(.createVolume("plain", size: 1)), .settle, .ask(.createSnapshot("clear", of: "plain")), .settle,
            .ask(.encryptByDefault), .ask(.createVolumeOf("v", snapshot: "clear", size: 1)),
            .ask(.launch(.init(name: "a"))), .settle, .ask(.attachVolume("v", instance: "a", device: "/dev/sdf")),
            .ask(.createSnapshot("s", of: "v")), .settle, .ask(.chooseKey("11111111-2222-3333-4444-555555555555")),
            .ask(.copySnapshot("c", of: "s")), .ask(.copySnapshot("d", of: "clear")), .settle,
            .ask(.createSnapshot("t", of: "v")), .ask(.createVolumeOf("w", snapshot: "c", size: 2)),
            .ask(.copyVolume("x", of: "v", size: 1)), .ask(.createImage("golden", instance: "a", reboots: false)),
            .settle, .ask(.copyImage("copy", of: "golden")), .ask(.replaceRoot("first", instance: "a")),
            .ask(.delete(.snapshot, "c")), .settle, .ask(.terminate("a")), .settle,
        ])

    package static let hibernation = Scenario(
        name: "instances that hibernate, and go on once with each memory",
        events: [
            .ask(.launch(.init(name: "a", hasMoreVolumes: true, hibernates: true))), .settle,
            .ask(.stop("a", .hibernated)), .settle, .ask(.start("a")), .settle, .ask(.tag("a", key: "k", value: "v")),
            .ask(.stop("a", .hibernated)), .settle, .ask(.start("a")), .settle,
        ])

    package static let hibernationInDoubt = Scenario(
        name: "memories that cannot be saved, that nobody waits for, and that the disks have left",
        events: [
            .ask(.launch(.init(name: "a", hibernates: true))), .ask(.launch(.init(name: "b", hibernates: true))),
            .ask(.launch(.init(name: "c", hibernates: true))), .ask(.createVolume("v", size: 1)), .settle,
            .ask(.attachVolume("v", instance: "a", device: "/dev/sdf")), .settle,
            .ask(.stop("a", .hibernated)), .settle, .ask(.detachVolume("v")), .settle, .ask(.start("a")), .settle,
            .makeForgetful("b"), .ask(.stop("b", .hibernated)), .settle, .ask(.start("b")), .settle,
            .ask(.stop("c", .hibernated)), .ask(.stop("c", .forced)), .settle, .ask(.start("c")), .settle,
            .ask(.stop("a", .hibernated)), .ask(.stop("c", .hibernated)), .settle, .ask(.terminate("a")), .settle,
        ])

    package static let hibernationInHaste = Scenario(
        name: "an instance that reboots, changes its credits and hibernates in one breath", refusals: [],
        events: [
            .ask(.launch(.init(name: "a", hibernates: true))), .settle, .work("a", processors: 2),
            .ask(.changeCredits("a", isUnlimited: false)), .ask(.reboot("a")), .ask(.stop("a", .hibernated)), .settle,
            .ask(.changeCredits("a", isUnlimited: true)), .ask(.start("a")),
            .ask(.changeCredits("a", isUnlimited: false)),
            .settle, .ask(.reboot("a")), .settle, .ask(.changeCredits("a", isUnlimited: true)),
            .work("a", processors: 2),
            .settle, .ask(.stop("a", .hibernated)), .ask(.changeCredits("a", isUnlimited: false)), .settle,
            .ask(.start("a")), .settle, .ask(.stop("a")), .settle,
        ])

    package static let replacedRoots = Scenario(
        name: "roots that are replaced",
        events: [
            .ask(.launch(.init(name: "a", hasMoreVolumes: true))), .settle, .ask(.replaceRoot("first", instance: "a")),
            .settle, .ask(.replaceRoot("second", instance: "a")), .ask(.stop("a")), .settle, .ask(.start("a")), .settle,
            .ask(.replaceRoot("third", instance: "a")), .ask(.terminate("a")), .settle,
        ])

    package static let sharedVolumes = Scenario(
        name: "a volume that two instances have, until the last takes it along",
        events: [
            .ask(.launch(.init(name: "a"))), .ask(.launch(.init(name: "b"))),
            .ask(.createVolume("v", size: 4, isShared: true)), .settle,
            .ask(.attachVolume("v", instance: "a", device: "/dev/sdf")),
            .ask(.attachVolume("v", instance: "b", device: "/dev/sdf")), .settle,
            .ask(.createSnapshots("both", instance: "a", count: 2)), .ask(.growVolume("v", size: 5)), .settle,
            .ask(.createImage("whole", instance: "a", reboots: true)), .settle,
            .ask(.detachVolume("v", from: "a")), .settle, .ask(.attachVolume("v", instance: "a", device: "/dev/sdg")),
            .ask(.createSnapshot("alone", of: "v")), .ask(.stop("b")), .settle,
            .ask(.createSnapshots("still", instance: "b", count: 2)), .ask(.start("b")),
            .ask(.createSnapshots("starting", instance: "b", count: 2)), .settle,
            .ask(.endVolume("v", with: "a", device: "/dev/sdg")), .ask(.endVolume("v", with: "b", device: "/dev/sdf")),
            .ask(.terminate("a")), .settle, .die("b"), .settle, .ask(.terminate("b")), .settle,
        ])

    package static let clingingGuest = Scenario(
        name: "guests that do not let go of a disk",
        events: [
            .ask(.launch(.init(name: "a"))), .ask(.launch(.init(name: "b"))), .ask(.createVolume("v", size: 1)),
            .ask(.createVolume("w", size: 1)), .settle, .cling("a"),
            .ask(.attachVolume("v", instance: "a", device: "/dev/sdf")),
            .ask(.attachVolume("w", instance: "a", device: "/dev/sdg")), .pass(seconds: 5),
            .ask(.detachVolume("v")), .ask(.detachVolume("w")), .pass(seconds: 45),
            .ask(.detachVolume("v", force: true)), .pass(seconds: 5),
            .ask(.attachVolume("v", instance: "b", device: "/dev/sdf")), .pass(seconds: 5), .ask(.stop("a")), .settle,
        ])

    package static let hurriedVolumes = Scenario(
        name: "attachments that are overtaken",
        events: [
            .ask(.launch(.init(name: "a"))), .ask(.createVolume("v", size: 1)), .ask(.createVolume("w", size: 1)),
            .settle, .ask(.attachVolume("v", instance: "a", device: "/dev/sdf")), .ask(.detachVolume("v")),
            .ask(.attachVolume("w", instance: "a", device: "/dev/sdg")), .ask(.growVolume("w", size: 2)),
            .ask(.stop("a", .forced)), .settle, .ask(.start("a")), .settle, .ask(.detachVolume("w")),
            .ask(.terminate("a", .skipped)), .settle,
        ])
}
