// Stories of templates, fleets, spot requests, events and their windows, placement groups, reservations, use, quotas and the image bin.

import ControlPlane

extension Scenario {
    static let capacity = [
        templates, fleets, spotRequests, reclaimedRoom, lastingRequests, events, eventWindows, placementGroups,
        reservations, fullHost, binnedImages, daysOfUse,
    ]

    package static let templates = Scenario(
        name: "launches from a template that gets versions and goes", refusals: [],
        events: [
            .ask(.capacity(.createTemplate("base"))), .ask(.launch(.init(name: "a", template: "base"))),
            .ask(.capacity(.createVersion("v2", of: "base"))), .askAgain(.init(name: "a", template: "base")),
            .ask(.capacity(.createVersion("v3", of: "base"))), .settle,
            .ask(.launch(.init(name: "b", count: 2, template: "base"))), .ask(.delete(.template, "base")), .settle,
            .ask(.stop("a")), .settle, .ask(.start("a")), .settle,
        ])

    package static let fleets = Scenario(
        name: "fleets that are launched, lose an instance and go", refusals: [],
        events: [
            .ask(.capacity(.createTemplate("base"))),
            .ask(.capacity(.createFleet("f", template: "base", count: 2, isSpot: false))),
            .ask(.capacity(.createFleet("g", template: "base", count: 2, isSpot: true))), .settle, .die("f"), .settle,
            .ask(.delete(.template, "base")), .ask(.capacity(.deleteFleet("f"))), .settle, .interrupt("g"), .settle,
            .ask(.terminate("g")), .pass(seconds: 4_000), .settle,
        ])

    package static let spotRequests = Scenario(
        name: "spot requests that are fulfilled, cancelled and ended by their instances", refusals: [],
        events: [
            .ask(.capacity(.requestSpot("once", isPersistent: false, stops: false))),
            .ask(.capacity(.requestSpot("ever", isPersistent: true, stops: false))),
            .ask(.launch(.init(name: "direct", count: 2, isSpot: true))), .settle, .ask(.terminate("once")),
            .ask(.terminate("ever")), .settle, .ask(.terminate("direct")), .ask(.capacity(.cancelSpot("ever"))),
            .settle,
            .ask(.terminate("ever")), .settle,
        ])

    package static let reclaimedRoom = Scenario(
        name: "spot instances that give their room to a launch on demand", premises: Premises(isNarrow: true),
        refusals: ["InsufficientInstanceCapacity"],
        events: [
            .ask(.capacity(.requestSpot("once", isPersistent: false, stops: false))),
            .ask(.capacity(.requestSpot("ever", isPersistent: true, stops: false))), .settle,
            .ask(.launch(.init(name: "most", count: 9))), .settle,
            .ask(.launch(.init(name: "two", count: 2, isSpot: true))),
            .ask(.launch(.init(name: "spot", isSpot: true))), .settle,
            .ask(.launch(.init(name: "again", count: 2))), .pass(seconds: 1), .settle, .ask(.terminate("most")),
            .settle, .ask(.capacity(.cancelSpot("ever"))), .settle, .ask(.terminate("again")), .settle,
        ])

    package static let lastingRequests = Scenario(
        name: "a spot instance that is stopped by its owner, and by notice, and begins again", refusals: [],
        events: [
            .ask(.capacity(.requestSpot("s", isPersistent: true, stops: true))), .settle, .ask(.stop("s")), .settle,
            .ask(.start("s")), .settle, .interrupt("s"), .pass(seconds: 60), .ask(.stop("s")), .settle,
            .ask(.start("s")), .settle, .interrupt("s"), .settle, .ask(.capacity(.cancelSpot("s"))), .settle,
            .ask(.terminate("s")), .settle,
        ])

    package static let events = Scenario(
        name: "events that reboot, stop and retire", refusals: [],
        events: [
            .ask(.launch(.init(name: "a"))), .ask(.launch(.init(name: "b"))), .settle,
            .schedule(.instanceReboot, "a", in: 30), .schedule(.systemMaintenance, "a", in: 60),
            .schedule(.instanceStop, "b", in: 90), .pass(seconds: 45), .ask(.reboot("a")), .settle, .ask(.start("b")),
            .settle, .schedule(.instanceRetirement, "a", in: 10), .schedule(.instanceStop, "b", in: 4_000), .settle,
            .ask(.terminate("b")), .settle,
        ])

    /// The clock begins on a Wednesday, at seven minutes past eleven.
    package static let eventWindows = Scenario(
        name: "event windows that are made, aimed, changed and go, and events that keep to them",
        refusals: ["InvalidParameterValue", "DependencyViolation", "InvalidInstanceID.NotFound"],
        events: [
            .ask(.launch(.init(name: "a"))), .ask(.launch(.init(name: "b", count: 2))), .settle,
            .ask(.eventWindow(.create("noon", .init(start: 84, count: 4)))),
            .ask(.eventWindow(.create("later", .init(start: 86, count: 4)))),
            .ask(.eventWindow(.associate("noon", .launch("a")))), .ask(.tag("b", key: "team", value: "x")),
            .ask(.eventWindow(.associate("later", .tag(key: "team", value: "x")))),
            .ask(.eventWindow(.associate("later", .launch("a")))), .schedule(.instanceReboot, "a", in: 30),
            .schedule(.systemMaintenance, "a", in: 60), .schedule(.instanceStop, "b", in: 30), .settle,
            .ask(.eventWindow(.modify("noon", .init(start: 85, count: 4)))), .schedule(.systemReboot, "a", in: 90),
            .ask(.eventWindow(.delete("later", isForced: false))),
            .ask(.eventWindow(.disassociate("later", .tag(key: "team", value: "x")))),
            .ask(.eventWindow(.delete("later", isForced: false))), .ask(.eventWindow(.associate("noon", .launch("b")))),
            .schedule(.instanceReboot, "b", in: 30), .pass(seconds: 1_800), .settle, .pass(seconds: 3_600), .settle,
            .ask(.terminate("a")), .settle, .ask(.eventWindow(.associate("noon", .launch("a")))),
            .pass(seconds: 3_600), .settle, .ask(.start("b")), .settle,
            .ask(.eventWindow(.disassociate("noon", .launch("b")))),
            .ask(.eventWindow(.associate("noon", .launch("b")))), .settle,
            .ask(.eventWindow(.delete("noon", isForced: true))), .schedule(.instanceStop, "b", in: 30), .settle,
        ])

    package static let placementGroups = Scenario(
        name: "groups that fill up, empty and go",
        refusals: ["InsufficientInstanceCapacity", "InsufficientInstanceCapacity", "InvalidPlacementGroup.InUse"],
        events: [
            .ask(.capacity(.createGroup("apart", strategy: "spread"))),
            .ask(.capacity(.createGroup("parts", strategy: "partition"))),
            .ask(.launch(.init(name: "a", count: 6, placement: "apart"))),
            .ask(.launch(.init(name: "b", count: 2, placement: "apart"))),
            .ask(.launch(.init(name: "c", count: 2, placement: "parts"))), .settle, .ask(.stop("a")), .settle,
            .ask(.launch(.init(name: "d", count: 2, placement: "apart"))), .settle, .ask(.start("a")),
            .ask(.delete(.placementGroup, "apart")), .settle, .ask(.terminate("a")), .ask(.terminate("d")), .settle,
            .ask(.delete(.placementGroup, "apart")), .ask(.terminate("c")), .settle,
            .ask(.delete(.placementGroup, "parts")), .settle,
        ])

    package static let reservations = Scenario(
        name: "reservations that are used, grow, shrink and go", premises: Premises(isNarrow: true),
        refusals: ["InvalidParameterValue"],
        events: [
            .ask(.launch(.init(name: "early"))), .settle,
            .ask(.capacity(.reserve("open", count: 2, isOpen: true))),
            .ask(.capacity(.reserve("aimed", count: 2, isOpen: false))),
            .ask(.launch(.init(name: "a", count: 2))),
            .ask(.launch(.init(name: "b", count: 2, reservation: "aimed"))), .settle, .ask(.stop("b")), .settle,
            .ask(.capacity(.requestSpot("s", isPersistent: false, stops: false))), .ask(.start("b")),
            .ask(.capacity(.resize("open", count: 4))), .settle, .ask(.capacity(.resize("open", count: 3))),
            .ask(.capacity(.resize("aimed", count: 1))),
            .ask(.capacity(.cancelReservation("aimed"))), .settle, .ask(.capacity(.cancelReservation("open"))),
            .settle, .ask(.terminate("a")), .pass(seconds: 4_000), .settle,
        ])

    package static let fullHost = Scenario(
        name: "a full host: requests wait for reservations and for launches that end",
        premises: Premises(isNarrow: true), refusals: ["VcpuLimitExceeded"],
        events: [
            .ask(.capacity(.reserve("kept", count: 8, isOpen: false))), .ask(.launch(.init(name: "a", count: 4))),
            .ask(.capacity(.requestSpot("one", isPersistent: false, stops: false))),
            .ask(.capacity(.requestSpot("two", isPersistent: true, stops: true))), .settle,
            .ask(.capacity(.cancelReservation("kept"))), .settle, .ask(.launch(.init(name: "b", count: 6))),
            .ask(.launch(.init(name: "c", count: 4))), .settle, .ask(.terminate("a")), .settle,
        ])

    package static let binnedImages = Scenario(
        name: "images that go to the recycle bin, come back, and leave it for good", refusals: [],
        events: [
            .ask(.launch(.init(name: "a"))), .settle,
            .ask(.createImage("golden", instance: "a", reboots: false, isKept: true)),
            .ask(.createImage("brief", instance: "a", reboots: false, isKept: true)), .settle,
            .ask(.deregisterImage("golden")), .ask(.deregisterImage("brief")), .settle, .ask(.restoreImage("golden")),
            .ask(.copyImage("copy", of: "golden")), .settle, .ask(.deregisterImage("golden")), .ask(.terminate("a")),
            .settle, .pass(seconds: 100_000), .settle,
        ])

    package static let daysOfUse = Scenario(
        name: "use that goes on over midnight, and changes", refusals: [],
        events: [
            .ask(.launch(.init(name: "a", hasMoreVolumes: true))), .ask(.createVolume("v", size: 2)), .settle,
            .ask(.tag("a", key: "team", value: "one")), .pass(seconds: 100_000), .ask(.growVolume("v", size: 3)),
            .ask(.tag("a", key: "team", value: "two")), .settle, .ask(.stop("a")), .settle, .pass(seconds: 90_000),
            .ask(.start("a")), .pass(seconds: 1), .ask(.stop("a", .forced)), .settle, .ask(.delete(.volume, "v")),
            .settle, .pass(seconds: 90_000), .ask(.terminate("a")), .settle,
        ])
}
