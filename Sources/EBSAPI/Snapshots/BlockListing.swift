// Pages of blocks, in ascending order of their indexes.

import AWSWire
import CloudTypes
import NodeContract

/// Something with a place among a snapshot's blocks.
protocol IndexedBlock: Sendable { var index: Int { get } }
extension SnapshotBlock: IndexedBlock {}
extension ChangedSnapshotBlock: IndexedBlock {}

struct BlockListing: Sendable {
    private static let largestPage = 10_000

    private let token: String?
    private let limit: Int
    private let start: Int
    private let name: String

    /// - Parameters:
    ///   - start: where to begin; a page token says it better.
    ///   - name: what is listed.
    init(_ input: some PaginatedInput, from start: Int?, of name: String) {
        (token, limit) = (input.nextToken, input.maxResults ?? BlockListing.largestPage)
        (self.start, self.name) = (start ?? 0, name)
    }

    /// - Parameter list: at most so many from an index on.
    func page<Block: IndexedBlock>(
        _ tokens: BlockTokens, _ list: (_ start: Int, _ limit: Int) async throws(NodeError) -> [Block]
    ) async throws(EC2Error) -> (items: [Block], nextToken: String?) {
        let start = try token.map { token throws(EC2Error) in try tokens.place(token, of: name) } ?? start
        do throws(NodeError) {
            // One more than asked for: it begins the next page.
            let found = try await list(start, limit + 1)
            return (
                Array(found.prefix(limit)), found.count > limit ? tokens.page(from: found[limit].index, of: name) : nil
            )
        } catch {
            throw SnapshotLookup.refusal(of: error)
        }
    }
}
