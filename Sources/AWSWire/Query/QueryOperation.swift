// What generated operations and shapes promise, and what a service is on the wire.

/// The two families of query protocol: they differ in lists, envelopes and error codes.
package enum QueryDialect: Sendable {
    case ec2
    case awsQuery
}

/// A service that speaks a query protocol.
package struct QueryService: Sendable {
    /// The service part of a signature's scope: `ec2`.
    package let signingName: String
    /// The only API version: `2016-11-15`.
    package let version: String
    package let xmlNamespace: String
    package let dialect: QueryDialect
    /// Every operation AWS knows, each followed by a space.
    let operationNames: StaticString

    /// Whether AWS has such an operation, be it spoken here or not.
    package func knows(operation name: String) -> Bool {
        operationNames.withUTF8Buffer { names in
            names.split(separator: UInt8(ascii: " ")).contains { $0.elementsEqual(name.utf8) }
        }
    }
}

/// One operation: its input, its output, and what a dispatcher does for it.
package protocol QueryOperation: WireOperation where Input: QueryReadable, Output: XMLWritable {
    static var service: QueryService { get }
    /// The element around the result, where the protocol has one: `GetCallerIdentityResult`.
    static var resultElement: String? { get }
    /// The input has `MaxResults` and `NextToken`: it is a `PaginatedInput`.
    static var isPaginated: Bool { get }
    /// The input has `DryRun`: it is a `DryRunInput`.
    static var hasDryRun: Bool { get }
}

/// A structure that requests carry.
package protocol QueryReadable: Sendable, Equatable {
    /// - Throws: whatever is missing, surplus or invalid at or below `node`.
    init(from node: QueryNode) throws(WireError)
}

/// The answer of operations that answer nothing but success.
package struct NoResult: XMLWritable {
    package init() {}

    package func write(to xml: inout XMLWriter) { xml.element("return", true) }
}
