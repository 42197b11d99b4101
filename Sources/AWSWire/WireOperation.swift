// What operations of every protocol have in common, and what a dispatcher can do for any of them.

/// One operation of a service, whatever it is spoken in.
package protocol WireOperation: Sendable {
    associatedtype Input: Sendable & Equatable
    associatedtype Output: Sendable
    /// `RunInstances`
    static var name: String { get }
    /// The input has `ClientToken`: it is a `ClientTokenInput`.
    static var hasClientToken: Bool { get }
    /// Characters of a `ClientToken`, at most.
    static var clientTokenLimit: Int { get }
}

extension WireOperation {
    /// As EC2 says of all tokens of which its model says nothing else.
    package static var clientTokenLimit: Int { 64 }
}

package protocol DryRunInput: Sendable {
    var dryRun: Bool? { get set }
}

package protocol ClientTokenInput: Sendable {
    var clientToken: String? { get set }
}

/// An answer that tells the request's id once more.
package protocol RequestIDOutput {
    var requestID: String? { get set }
}

package protocol PaginatedInput: Sendable {
    var maxResults: Int? { get set }
    var nextToken: String? { get set }
}

package protocol PaginatedOutput: Sendable {
    var nextToken: String? { get set }
}
