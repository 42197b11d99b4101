import CloudTypes
import Testing

@testable import EBSAPI

@Suite("Tokens of the direct APIs")
struct BlockTokensTests {
    private let account = AccountID("123456789012")!
    private let snapshot = SnapshotID("snap-0123456789abcdef0")!
    private let now = Timestamp(milliseconds: 1_795_000_000_000)
    private let secret = [UInt8](repeating: 7, count: 32)

    private var tokens: BlockTokens { BlockTokens(secret: secret, account: account) }
    private var expiry: Timestamp { BlockTokens.expiry(after: now) }

    private func reason(_ body: () throws(EC2Error) -> Void) -> String? {
        do throws(EC2Error) {
            try body()
            return nil
        } catch {
            return error.reason
        }
    }

    @Test("one for a block is good for the block until it expires")
    func block() {
        let token = tokens.block(5, of: snapshot, until: expiry)
        #expect(token.utf8.count <= 256)
        #expect(reason { () throws(EC2Error) in try tokens.check(token, for: 5, of: snapshot, at: now) } == nil)
        let last = expiry.adding(seconds: -0.001)
        #expect(reason { () throws(EC2Error) in try tokens.check(token, for: 5, of: snapshot, at: last) } == nil)
        #expect(
            reason { () throws(EC2Error) in try tokens.check(token, for: 5, of: snapshot, at: expiry) }
                == "INVALID_BLOCK_TOKEN")
    }

    @Test("one for a block is good for no other block, snapshot, account or cloud")
    func foreign() {
        let token = tokens.block(5, of: snapshot, until: expiry)
        let other = SnapshotID("snap-0123456789abcdef1")!
        let strangers = BlockTokens(secret: secret, account: AccountID("210987654321")!)
        let elsewhere = BlockTokens(secret: [UInt8](repeating: 8, count: 32), account: account)
        let invalid = "INVALID_BLOCK_TOKEN"
        #expect(reason { () throws(EC2Error) in try tokens.check(token, for: 6, of: snapshot, at: now) } == invalid)
        #expect(reason { () throws(EC2Error) in try tokens.check(token, for: 5, of: other, at: now) } == invalid)
        #expect(reason { () throws(EC2Error) in try strangers.check(token, for: 5, of: snapshot, at: now) } == invalid)
        #expect(reason { () throws(EC2Error) in try elsewhere.check(token, for: 5, of: snapshot, at: now) } == invalid)
    }

    @Test("every change of a single bit makes one void")
    func forged() throws {
        let token = tokens.block(5, of: snapshot, until: expiry)
        let bytes = try #require(Base64.decode(token))
        for bit in 0..<bytes.count * 8 {
            var changed = bytes
            changed[bit / 8] ^= 1 << (bit % 8)
            let forged = Base64.encode(changed)
            #expect(reason { () throws(EC2Error) in try tokens.check(forged, for: 5, of: snapshot, at: now) } != nil)
        }
    }

    @Test("one for a page says where it begins, of its listing alone")
    func page() throws {
        let token = tokens.page(from: 70_000, of: "a")
        #expect(try tokens.place(token, of: "a") == 70_000)
        #expect(reason { () throws(EC2Error) in _ = try tokens.place(token, of: "b") } == "INVALID_PAGE_TOKEN")
        let block = tokens.block(5, of: snapshot, until: expiry)
        #expect(reason { () throws(EC2Error) in _ = try tokens.place(block, of: "a") } == "INVALID_PAGE_TOKEN")
    }
}
