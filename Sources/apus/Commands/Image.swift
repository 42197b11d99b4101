import ArgumentParser
import FoundationEssentials
import TinyImage

/// `apus image`: the disks that instances begin with.
struct Image: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Build, import and list machine images.", subcommands: [Build.self, Import.self, List.self])

    struct Output: ParsableArguments {
        @OptionGroup var state: StateOptions
        @Flag(help: "Print JSON.") var json = false

        var client: OperatorClient { OperatorClient(socketPath: state.directory.operatorSocket) }

        func register(_ order: ImageOrder) throws {
            let body = Array(try JSONEncoder().encode(order))
            guard let answer = try client.call("POST", "/images", body: body) else { throw notServing }
            guard answer.status == 201 else {
                let failure = try? JSONDecoder().decode(OperatorService.Failure.self, from: Data(answer.body))
                throw CommandFailure(failure?.error ?? "The image could not be registered.")
            }
            let line = try JSONDecoder().decode(ImageLine.self, from: Data(answer.body))
            print(json ? String(decoding: answer.body, as: UTF8.self) : line.imageId)
        }

        var notServing: CommandFailure {
            CommandFailure(
                "Nothing serves on \(state.directory.path). Start it first: apus up --state-dir \(state.directory.path)"
            )
        }
    }

    struct Build: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Build an image from Debian's packages and register it.",
            discussion: "Recipes: tiny (kernel, busybox, ssh server; boots in seconds even emulated).")

        @Argument(help: "The recipe: tiny.") var recipe: String
        @OptionGroup var output: Output
        @Option(help: "The image's name; default: the recipe's and the kernel's version.") var name: String?
        @Option(help: "A folder to keep packages in.") var cache: String?

        func validate() throws {
            guard recipe == "tiny" else { throw ValidationError("There is no recipe '\(recipe)'. Recipes: tiny.") }
        }

        func run() async throws {
            guard let answer = try output.client.call("GET", "/status") else { throw output.notServing }
            let status = try JSONDecoder().decode(OperatorService.Status.self, from: Data(answer.body))
            guard !status.simulated else { throw CommandFailure(OperatorService.noDisks) }
            guard let builder = TinyImage.builderPath else {
                throw CommandFailure(
                    "The image builder is not beside this program; build it again: swift build -c release")
            }
            let folder = output.state.directory.path + "/build-tiny"
            defer { try? FileManager.default.removeItem(atPath: folder) }
            try HostFiles.makeFolder(folder)
            let process = try ForegroundProcess(
                ["bash", builder, "--install-packages"] + (cache.map { ["--cache", $0] } ?? []) + [folder])
            guard process.wait() == 0 else {
                throw CommandFailure("The image could not be built; what was said above tells why.")
            }
            let made = try TinyImage.description(in: folder)
            try output.register(
                ImageOrder(
                    name: name ?? "apus-tiny-\(made.kernelVersion)",
                    description: "Tiny Linux built from Debian packages",
                    architecture: made.architecture, diskPath: folder + "/disk.raw", format: "raw",
                    kernelPath: "\(folder)/\(made.kernel)", ramdiskPath: "\(folder)/\(made.ramdisk)",
                    kernelArguments: made.kernelArguments, rootDeviceName: made.rootDeviceName))
        }
    }

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Import a disk image (qcow2, raw, vmdk, vhd) that boots by its own loader.")

        @Argument(help: "The disk image file.") var file: String
        @OptionGroup var output: Output
        @Option(help: "The image's name.") var name: String
        @Option(help: "x86_64, arm64 or i386.") var arch = "x86_64"
        @Option(help: "raw, qcow2, vmdk, vhd or vhdx; default: told by the file itself.") var format: String?
        @Option(help: "A description.") var description: String?
        @Option(help: "legacy-bios or uefi.") var bootMode: String?

        func validate() throws {
            if let bootMode, !["legacy-bios", "uefi"].contains(bootMode) {
                throw ValidationError("--boot-mode is legacy-bios or uefi.")
            }
        }

        func run() async throws {
            let path = StateDirectory.absolute(file)
            guard FileManager.default.isReadableFile(atPath: path) else {
                throw CommandFailure("\(file) cannot be read.")
            }
            try output.register(
                ImageOrder(
                    name: name, description: description, architecture: arch, diskPath: path, format: format,
                    bootMode: bootMode))
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the images of all accounts.")
        @OptionGroup var output: Output

        func run() async throws {
            guard let answer = try output.client.call("GET", "/images"), answer.status == 200 else {
                throw output.notServing
            }
            if output.json { return print(String(decoding: answer.body, as: UTF8.self)) }
            for image in try JSONDecoder().decode([ImageLine].self, from: Data(answer.body)) {
                print("\(image.imageId)  \(image.architecture)  \(image.sizeGiB) GiB  \(image.state)  \(image.name)")
            }
        }
    }
}
