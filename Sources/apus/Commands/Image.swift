import ArgumentParser
import FoundationEssentials
import ImageRecipes

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
            try show(try JSONDecoder().decode(ImageLine.self, from: Data(answer.body)))
        }

        /// Names are unique among the operator's images, so one that is there already is what was asked for.
        func image(named name: String) throws -> ImageLine? {
            guard let answer = try client.call("GET", "/images"), answer.status == 200 else { throw notServing }
            return try JSONDecoder().decode([ImageLine].self, from: Data(answer.body)).first {
                $0.ownerAlias == "amazon" && $0.name == name
            }
        }

        func show(_ image: ImageLine) throws {
            print(json ? String(decoding: try JSONEncoder().encode(image), as: UTF8.self) : image.imageId)
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
            discussion: "Recipes:\n"
                + ImageRecipe.allCases.map { "  \($0.rawValue): \($0.summary)" }.joined(separator: "\n"))

        @Argument(help: "The recipe.") var recipe: ImageRecipe
        @OptionGroup var output: Output
        @Option(help: "The image's name; default: the recipe's, with the version of what is in it.") var name: String?
        @Option(help: "A folder to keep packages in.") var cache: String?
        @Flag(help: "Take the newest packages, even when all are kept already.") var refresh = false

        func run() async throws {
            guard let answer = try output.client.call("GET", "/status") else { throw output.notServing }
            let status = try JSONDecoder().decode(OperatorService.Status.self, from: Data(answer.body))
            guard !status.simulated else { throw CommandFailure(OperatorService.noDisks) }
            if let name, let existing = try output.image(named: name) { return try output.show(existing) }
            let folder = output.state.directory.path + "/build-" + recipe.rawValue
            defer { try? FileManager.default.removeItem(atPath: folder) }
            try build(in: folder)
            let made = try BuiltImage(in: folder)
            let name = name ?? made.imageName
            if let existing = try output.image(named: name) { return try output.show(existing) }
            try output.register(
                ImageOrder(
                    name: name, description: made.description, architecture: made.architecture,
                    diskPath: "\(folder)/\(BuiltImage.disk)", format: "raw",
                    kernelPath: made.kernel.map { "\(folder)/\($0)" },
                    ramdiskPath: made.ramdisk.map { "\(folder)/\($0)" }, kernelArguments: made.kernelArguments,
                    rootDeviceName: made.rootDeviceName, bootMode: made.bootMode))
        }

        private func build(in folder: String) throws {
            guard let builder = recipe.builderPath else {
                throw CommandFailure(
                    "The image builder is not beside this program; build it again: swift build -c release")
            }
            try HostFiles.makeFolder(folder)
            var arguments = ["bash", builder, "--install-packages"]
            if let cache { arguments += ["--cache", cache] }
            if refresh { arguments.append("--refresh") }
            switch try ForegroundProcess(arguments + [folder]).wait() {
            case 0: return
            case 129...: throw CommandFailure("Ended by a signal; nothing was registered, and nothing is left behind.")
            default: throw CommandFailure("The image could not be built; what was said above tells why.")
            }
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

extension ImageRecipe: ExpressibleByArgument {}
