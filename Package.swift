// swift-tools-version:6.2
// The diagram of Apus: targets from the lowest layer to the highest; arrows point downward only.
import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let trees = Target.Dependency.product(name: "HashTreeCollections", package: "swift-collections")
let heaps = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let deques = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let grdbSQLite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

func part(_ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource]? = nil) -> Target {
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

func tests(of name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: name + "Tests", dependencies: [.target(name: name)] + dependencies, swiftSettings: strict)
}

let package = Package(
    name: "apus",
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-collections.git", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
    ],
    targets: [
        // 0: pure values and protocol clients that know no cloud word
        part("CloudTypes"),
        tests(of: "CloudTypes"),
        .target(name: "CHostSystem"),
        .target(name: "CBlockCoding", linkerSettings: [.linkedLibrary("zstd")]),
        part("HostSystem", ["CHostSystem"]),
        tests(of: "HostSystem"),
        part("DiskFormats", ["HostSystem", crypto, cryptoExtras]),
        part("JSON"),
        tests(of: "JSON"),
        part("QMP", ["JSON", nioCore, nioPosix]),
        tests(of: "QMP", ["JSON", nioCore, nioPosix]),
        part("NBD", ["HostSystem"]),
        tests(of: "NBD", ["HostSystem"]),
        part("SigV4", ["CloudTypes", crypto]),
        .testTarget(
            name: "SigV4Tests", dependencies: ["SigV4", "CloudTypes", crypto],
            resources: [.copy("Fixtures")], swiftSettings: strict),
        part("KeyMaterial", ["CloudTypes", crypto, cryptoExtras]),
        tests(of: "KeyMaterial", ["HostSystem"]),
        part("Pictures"),
        tests(of: "Pictures"),
        part("RecordCoding"),
        tests(of: "RecordCoding"),
        part("HTTPListener", ["CloudTypes", nioCore, nioPosix, nioHTTP1, logging]),
        tests(of: "HTTPListener", ["CloudTypes"]),
        // 1: the wire, and what the layers say to each other
        part("NodeContract", ["CloudTypes"]),
        part("Backends", ["CloudTypes", "NodeContract"]),
        part("InstanceTypeCatalogue", ["CloudTypes", "NodeContract"]),
        tests(of: "InstanceTypeCatalogue", ["NodeContract"]),
        part("AWSWire", ["CloudTypes", "JSON"]),
        .testTarget(
            name: "AWSWireTests", dependencies: ["AWSWire", "CloudTypes"], resources: [.copy("Fixtures")],
            swiftSettings: strict),
        part("CloudStore"),
        // 2: backends
        part("BlockStore", ["CBlockCoding", "CHostSystem", "CloudTypes", "HostSystem", crypto]),
        tests(of: "BlockStore", ["BlockCrashProbe", "CloudTypes", "HostSystem", crypto]),
        .executableTarget(
            name: "BlockCrashProbe", dependencies: ["BlockStore", "CloudTypes"], path: "Tests/BlockCrashProbe",
            swiftSettings: strict),
        part("KeyRing", ["Backends", "CloudTypes", "HostSystem", "NodeContract", crypto]),
        tests(of: "KeyRing", ["Backends", "CloudTypes", "HostSystem", "NodeContract", crypto]),
        part("SQLiteStore", ["CloudStore", grdb, grdbSQLite]),
        tests(of: "SQLiteStore", ["CloudStore", "StoreCrashProbe", grdb]),
        .executableTarget(
            name: "StoreCrashProbe", dependencies: ["CloudStore", "SQLiteStore"], path: "Tests/StoreCrashProbe",
            swiftSettings: strict),
        part("Simulation", ["CloudStore", "CloudTypes", "NodeContract", "Pictures", crypto]),
        .testTarget(
            name: "StoreContractTests", dependencies: ["CloudStore", "SQLiteStore", "Simulation"],
            swiftSettings: strict),
        part(
            "QEMUHypervisor",
            [
                "CloudTypes", "NodeContract", "Backends", "DiskFormats", "HostSystem", "CHostSystem", "JSON", "QMP",
                logging,
            ]),
        tests(
            of: "QEMUHypervisor",
            ["CloudTypes", "NodeContract", "Backends", "HostSystem", "KeyRing", "NBD", "QCOW2Volumes", logging]),
        part(
            "QCOW2Volumes",
            [
                "CHostSystem", "CloudTypes", "DiskFormats", "NodeContract", "Backends", "HostSystem", "JSON", "KeyRing",
            ]),
        tests(
            of: "QCOW2Volumes",
            ["CloudTypes", "DiskFormats", "NodeContract", "Backends", "HostSystem", "KeyRing", "NBD"]),
        part("KernelNetwork", ["CloudTypes", "NodeContract", "Backends", "HostSystem"]),
        tests(of: "KernelNetwork", ["CloudTypes", "NodeContract", "Backends", "HostSystem"]),
        // 3: control plane and node
        part(
            "ControlPlane",
            [
                "CloudTypes", "CloudStore", "InstanceTypeCatalogue", "NodeContract", "RecordCoding", trees, heaps,
                deques, logging,
            ]),
        part(
            "NodeAgent",
            [
                "Backends", "BlockStore", "CloudTypes", "HTTPListener", "HostSystem", "KeyRing", "NBD", "NodeContract",
                "Pictures", crypto, logging,
            ]),
        tests(
            of: "NodeAgent",
            [
                "BlockStore", "CloudTypes", "HTTPListener", "HostSystem", "KeyRing", "NBD", "NodeContract",
                "QCOW2Volumes", "QEMUHypervisor", crypto, logging,
            ]),
        tests(of: "ControlPlane", ["CloudStore", "CloudTypes", "NodeContract", "RecordCoding", "Simulation", logging]),
        // 4: the services
        part(
            "APIGateway",
            ["AWSWire", "CloudTypes", "ControlPlane", "HTTPListener", "NodeContract", "SigV4", crypto, logging]),
        tests(of: "APIGateway", ["AWSWire", "CloudTypes"]),
        part(
            "EC2API",
            [
                "APIGateway", "AWSWire", "CloudTypes", "ControlPlane", "InstanceTypeCatalogue", "KeyMaterial",
                "NodeContract",
            ]),
        part("STSAPI", ["APIGateway", "AWSWire", "CloudTypes", "ControlPlane"]),
        part("EBSAPI", ["APIGateway", "AWSWire", "CloudTypes", "ControlPlane", "NodeContract", crypto]),
        part("RecycleBinAPI", ["APIGateway", "AWSWire", "CloudTypes", "ControlPlane"]),
        part(
            "InstanceConnectAPI",
            [
                "APIGateway", "AWSWire", "CloudTypes", "ControlPlane", "InstanceTypeCatalogue", "KeyMaterial",
                "NodeContract",
            ]),
        .testTarget(
            name: "EBSAPITests",
            dependencies: [
                "EBSAPI", "APIGateway", "AWSWire", "CloudTypes", "ControlPlane", "NodeContract", "Simulation", crypto,
                logging,
            ],
            swiftSettings: strict),
        tests(of: "RecycleBinAPI", ["APIGateway", "AWSWire", "CloudTypes", "ControlPlane", "NodeContract"]),
        tests(of: "STSAPI", ["APIGateway", "AWSWire", "CloudTypes", "ControlPlane", "NodeContract"]),
        .testTarget(
            name: "EC2APITests",
            dependencies: [
                "EC2API", "APIGateway", "AWSWire", "CloudTypes", "ControlPlane", "InstanceTypeCatalogue",
                "NodeContract",
                "Simulation", logging,
            ],
            swiftSettings: strict),
        .target(
            name: "CrashCourses",
            dependencies: [
                "EC2API", "APIGateway", "AWSWire", "CloudStore", "CloudTypes", "ControlPlane", "InstanceTypeCatalogue",
                "NodeContract", "RecordCoding", "Simulation", logging,
            ],
            path: "Tests/CrashCourses", swiftSettings: strict),
        .executableTarget(
            name: "crash-course-player", dependencies: ["CrashCourses"], path: "Tests/CrashCoursePlayer",
            swiftSettings: strict),
        .testTarget(
            name: "CrashTests",
            dependencies: ["CloudStore", "ControlPlane", "CrashCourses", "NodeContract", "Simulation"],
            swiftSettings: strict),
        part("ImageRecipes", resources: [.copy("Resources")]),
        // 5: composition root
        .executableTarget(
            name: "apus",
            dependencies: [
                "APIGateway", "Backends", "CloudStore", "CloudTypes", "ControlPlane", "EBSAPI", "EC2API",
                "HTTPListener",
                "HostSystem", "ImageRecipes", "InstanceConnectAPI", "InstanceTypeCatalogue", "KernelNetwork", "KeyRing",
                "NodeAgent",
                "NodeContract", "QCOW2Volumes",
                "QEMUHypervisor", "RecycleBinAPI", "SQLiteStore", "STSAPI", "Simulation", argumentParser, logging,
            ],
            swiftSettings: strict),
        // For the benchmarks: real networks of simulated guests, and load over many connections
        .executableTarget(
            name: "FabricBench",
            dependencies: [
                "APIGateway", "CloudTypes", "ControlPlane", "EC2API", "HTTPListener", "HostSystem", "KernelNetwork",
                "NodeContract", "SQLiteStore", "STSAPI", "Simulation", logging,
            ],
            path: "Benchmarks/FabricBench", swiftSettings: strict),
        .executableTarget(
            name: "BlockBench", dependencies: ["BlockStore", "CloudTypes", crypto], path: "Benchmarks/BlockBench",
            swiftSettings: strict),
        .executableTarget(name: "LoadBench", path: "Benchmarks/LoadBench", swiftSettings: strict),
    ]
)
