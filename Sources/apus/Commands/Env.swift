import ArgumentParser
import CloudTypes
import FoundationEssentials

/// `apus env`: what a shell or an aws-cli profile needs.
struct Env: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print shell exports that point AWS clients at this cloud.",
        discussion: "Use: eval \"$(apus env)\"")

    @OptionGroup var state: StateOptions
    @Option(help: "Write an aws-cli profile of this name instead.") var profile: String?
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let directory = state.directory
        guard let credentials = directory.read(Credentials.self, from: directory.credentials),
            let endpoint = directory.read(Endpoint.self, from: directory.endpoint)
        else {
            throw CommandFailure(
                "No cloud was started on \(directory.path) yet. Start one: apus up --state-dir \(directory.path)")
        }
        let settings = [
            ("AWS_ENDPOINT_URL", endpoint.url), ("AWS_ACCESS_KEY_ID", credentials.accessKeyId),
            ("AWS_SECRET_ACCESS_KEY", credentials.secretAccessKey), ("AWS_REGION", endpoint.region),
            ("AWS_DEFAULT_REGION", endpoint.region),
        ]
        if let profile {
            try AWSProfile(name: profile).write(credentials, endpoint)
            print("Profile \(profile) written. Use: aws --profile \(profile) ec2 describe-instances")
        } else if json {
            print(try JSONLine.text(Dictionary(uniqueKeysWithValues: settings)))
        } else {
            for (name, value) in settings { print("export \(name)='\(value)'") }
        }
    }
}

/// One profile in the aws cli's two files; the others stay as they are.
struct AWSProfile {
    let name: String

    func write(_ credentials: Credentials, _ endpoint: Endpoint) throws {
        guard !name.isEmpty, name.allSatisfy({ $0.isLetter || $0.isNumber || "-_.".contains($0) }) else {
            throw CommandFailure("A profile's name has letters, digits, '-', '_' and '.' alone.")
        }
        let environment = ProcessInfo.processInfo.environment
        let folder = (environment["HOME"] ?? ".") + "/.aws"
        try replace(
            "[\(name)]",
            [
                "aws_access_key_id = \(credentials.accessKeyId)",
                "aws_secret_access_key = \(credentials.secretAccessKey)",
            ], in: environment["AWS_SHARED_CREDENTIALS_FILE"] ?? folder + "/credentials")
        try replace(
            name == "default" ? "[default]" : "[profile \(name)]",
            ["region = \(endpoint.region)", "endpoint_url = \(endpoint.url)"],
            in: environment["AWS_CONFIG_FILE"] ?? folder + "/config")
    }

    private func replace(_ header: String, _ lines: [String], in file: String) throws {
        let file = StateDirectory.absolute(file)
        let old = FileManager.default.contents(atPath: file).map { String(decoding: $0, as: UTF8.self) } ?? ""
        var kept: [Substring] = []
        var isInside = false
        for line in old.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("[") { isInside = line == header }
            if !isInside { kept.append(line) }
        }
        while kept.last?.isEmpty == true { kept.removeLast() }
        let before = kept.isEmpty ? "" : kept.joined(separator: "\n") + "\n\n"
        let text = before + ([header] + lines).joined(separator: "\n") + "\n"
        try HostFiles.makeFolder(String(file[..<(file.lastIndex(of: "/") ?? file.startIndex)]))
        try HostFiles.write(Array(text.utf8), to: file)
    }
}
