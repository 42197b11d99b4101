// IMDSv2 session tokens: bound to one instance and a moment, sealed with a key of this run of ours, kept nowhere.
// After a restart guests get 401 and ask for a new token, as every client does.
// Source: EC2 User Guide, "Use the Instance Metadata Service".

internal import CloudTypes
internal import Crypto

struct MetadataTokens: Sendable {
    /// Seconds a token may be asked to live.
    static let lifetimes = 1...21_600
    private let key = SymmetricKey(size: .bits256)

    func issue(for instance: InstanceID, seconds: Int, now: Timestamp) -> String {
        let expiry = now.milliseconds + Int64(seconds) * 1000
        let bytes = (0..<8).map { UInt8(truncatingIfNeeded: expiry >> (8 * Int64($0))) }
        return Base64.encode(bytes + seal(instance, bytes))
            .replacing("+", with: "-").replacing("/", with: "_")
    }

    func accepts(_ token: String, from instance: InstanceID, now: Timestamp) -> Bool {
        let text = token.replacing("-", with: "+").replacing("_", with: "/")
        guard let bytes = Base64.decode(text), bytes.count == 8 + 32 else { return false }
        let head = Array(bytes.prefix(8))
        let expiry = head.enumerated().reduce(Int64(0)) { $0 | Int64($1.element) << (8 * Int64($1.offset)) }
        let isTrue = HMAC<SHA256>.isValidAuthenticationCode(
            Array(bytes.dropFirst(8)), authenticating: message(instance, head), using: key)
        return isTrue && now.milliseconds < expiry
    }

    private func seal(_ instance: InstanceID, _ head: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: message(instance, head), using: key))
    }

    private func message(_ instance: InstanceID, _ head: [UInt8]) -> [UInt8] {
        head + Array(instance.description.utf8)
    }
}
