// Who signed and for what: the slash-separated `Credential` of a signature, and what a server accepts there.

/// `AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request`, taken apart.
package struct CredentialScope: Hashable, Sendable, CustomStringConvertible {
    package let accessKeyID: String
    /// `YYYYMMDD`, in UTC.
    package let date: String
    package let region: String
    /// The signing name: `ec2`, `monitoring`, `sts`.
    package let service: String
    package let terminator: String

    package init(accessKeyID: String, date: String, region: String, service: String) {
        (self.accessKeyID, self.date, self.region, self.service) = (accessKeyID, date, region, service)
        terminator = CredentialScope.terminator
    }

    /// - Returns: `nil` unless the text has exactly five parts, none of them empty.
    package init?(_ text: String) { self.init(Array(text.utf8)[...]) }

    init?(_ text: ArraySlice<UInt8>) {
        var parts: [String] = []
        parts.reserveCapacity(5)
        forEachPart(of: text, separator: UInt8(ascii: "/")) { part in
            if parts.count <= 5 { parts.append(String(decoding: part, as: UTF8.self)) }
        }
        guard parts.count == 5, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        (accessKeyID, date, region, service, terminator) = (parts[0], parts[1], parts[2], parts[3], parts[4])
    }

    package var description: String { "\(accessKeyID)/\(date)/\(region)/\(service)/\(terminator)" }

    /// Appends the scope as the string to sign has it.
    func append(to text: inout [UInt8]) {
        for part in [date, region, service] {
            text.append(contentsOf: part.utf8)
            text.append(UInt8(ascii: "/"))
        }
        text.append(contentsOf: terminator.utf8)
    }

    static let terminator = "aws4_request"
}

/// What a server answers for: signatures made for another region or service are refused.
package struct ServedScope: Sendable {
    /// Empty: any region.
    package let regions: [String]
    package let service: String
    /// Whether a body may go unsigned (`UNSIGNED-PAYLOAD`), as in PutSnapshotBlock and all of S3.
    package let allowsUnsignedPayload: Bool

    package init(regions: [String], service: String, allowsUnsignedPayload: Bool = false) {
        (self.regions, self.service) = (regions, service)
        self.allowsUnsignedPayload = allowsUnsignedPayload
    }
}

/// What a caller signs with.
package struct SigningCredentials: Sendable {
    package let accessKeyID: String
    package let secretAccessKey: String
    /// Of temporary credentials only.
    package let sessionToken: String?

    package init(accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil) {
        (self.accessKeyID, self.secretAccessKey) = (accessKeyID, secretAccessKey)
        self.sessionToken = sessionToken
    }
}
