// Tokens that a caller gets and gives back: for a block, and for the next page. What they stand for is in their seal
// alone, so that none can be made up, changed, or used for anything else.

import AWSWire
import CloudTypes
import ControlPlane
import Crypto

struct BlockTokens: Sendable {
    /// How long a caller can fetch the blocks that were listed.
    static let lifeSeconds = 7.0 * 86_400

    private let key: SymmetricKey
    private let account: AccountID

    init(secret: [UInt8], account: AccountID) { (key, self.account) = (SymmetricKey(data: secret), account) }

    static func of(_ caller: Caller, in cloud: Cloud) async throws(EC2Error) -> BlockTokens {
        BlockTokens(secret: try await cloud.secret(for: "block-tokens", asking: caller), account: caller.account)
    }

    /// The moment until which tokens that are made now hold, in whole seconds.
    static func expiry(after now: Timestamp) -> Timestamp {
        Timestamp(milliseconds: (now.milliseconds / 1000 + Int64(lifeSeconds)) * 1000)
    }

    // MARK: blocks

    func block(_ index: Int, of snapshot: SnapshotID, until expiry: Timestamp) -> String {
        let moment = BlockTokens.bytes(of: expiry.milliseconds / 1000)
        return Base64.encode(moment + seal("block/\(snapshot)/\(index)", moment))
    }

    /// - Throws: `INVALID_BLOCK_TOKEN` for what was not given to this caller for this block, or has expired.
    func check(_ token: String, for index: Int, of snapshot: SnapshotID, at now: Timestamp) throws(EC2Error) {
        let moment = try opened(token, "block/\(snapshot)/\(index)")
        guard let moment, moment * 1000 > now.milliseconds else {
            throw EBS.Refusal.validation(.invalidBlockToken, "The block token is not valid for this block.")
        }
    }

    // MARK: pages

    /// - Parameter listing: what is listed.
    func page(from index: Int, of listing: String) -> String {
        let place = BlockTokens.bytes(of: Int64(index))
        return Base64.encode(place + seal("page/\(listing)", place))
    }

    /// - Throws: `INVALID_PAGE_TOKEN` for a token of another listing.
    func place(_ token: String, of listing: String) throws(EC2Error) -> Int {
        guard let place = try opened(token, "page/\(listing)") else {
            throw EBS.Refusal.validation(.invalidPageToken, "The page token is not valid.")
        }
        return Int(place)
    }

    // MARK: seals

    private func opened(_ token: String, _ purpose: String) throws(EC2Error) -> Int64? {
        guard let bytes = Base64.decode(token), bytes.count == 24 else { return nil }
        let content = Array(bytes.prefix(8))
        guard seal(purpose, content) == Array(bytes.dropFirst(8)) else { return nil }
        return content.reduce(0) { $0 << 8 | Int64($1) }
    }

    private func seal(_ purpose: String, _ content: [UInt8]) -> [UInt8] {
        let text = Array("\(account)/\(purpose)/".utf8) + content
        return Array(HMAC<SHA256>.authenticationCode(for: text, using: key).prefix(16))
    }

    private static func bytes(of number: Int64) -> [UInt8] {
        stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> Int64($0)) }
    }
}
