// What generated operations of rest-json services promise: where in an HTTP request each member of the input stands, and
// what an answer consists of.

/// A service that speaks rest-json or JSON 1.1.
package struct RESTService: Sendable {
    /// The service part of a signature's scope: `ebs`.
    package let signingName: String
    /// The reason that a wrong value is refused with, by the name of the parameter on the wire; for others a general one.
    let reasons: [String: String]
    /// Of the header that names the operation, in JSON 1.1; nil: the path and the method name it.
    var targetPrefix: String?
    /// The codes of input that is not what the model says, and of what only we can mend.
    var wrongInput = "ValidationException"
    var fault = "InternalServerException"
}

package enum HTTPMethod: String, Sendable {
    case get = "GET"
    case put = "PUT"
    case post = "POST"
    case delete = "DELETE"
    case patch = "PATCH"
}

/// How an operation's input is spread over a request.
package struct RESTBinding: Sendable {
    package let method: HTTPMethod
    /// With labels in braces: `/snapshots/{snapshotId}/blocks`.
    let path: String
    /// Names of parameters of the query.
    let query: [String]
    let headers: [String]
    /// The member that is the body, byte for byte.
    let payload: String?
    /// Whether the members that stand nowhere else are a JSON object in the body.
    let readsDocument: Bool
    /// Whether the body may be left out of the signature.
    package let allowsUnsignedBody: Bool

    package init(
        _ method: HTTPMethod, _ path: String, query: [String] = [], headers: [String] = [], payload: String? = nil,
        readsDocument: Bool = false, allowsUnsignedBody: Bool = false
    ) {
        (self.method, self.path, self.query, self.headers) = (method, path, query, headers)
        (self.payload, self.readsDocument, self.allowsUnsignedBody) = (payload, readsDocument, allowsUnsignedBody)
    }

    /// Bytes of a body: documents are small, and the largest payload is a block of 512 KiB.
    package var maxBodyBytes: Int { payload == nil ? 256 * 1024 : 1024 * 1024 }
}

package protocol RESTOperation: WireOperation where Input: DocumentReadable, Output: RESTWritable {
    static var service: RESTService { get }
    static var binding: RESTBinding { get }
    /// The HTTP status of success: 200, 201, 202 or 204.
    static var successStatus: Int { get }
}

/// The result of an operation.
package protocol RESTWritable: Sendable, Equatable {
    func write(to answer: inout RESTAnswer)
}

extension RESTWritable where Self: JSONWritable {
    package func write(to answer: inout RESTAnswer) { answer.document(JSONWriter.document(self)) }
}

/// What an answer consists of besides its status.
package struct RESTAnswer: Sendable {
    package private(set) var headers: [(name: String, value: String)] = []
    package private(set) var body: [UInt8] = []

    package init() {}

    package mutating func header(_ name: String, _ value: String?) {
        if let value { headers.append((name, value)) }
    }

    package mutating func header(_ name: String, _ value: Int?) { header(name, value?.description) }

    package mutating func payload(_ bytes: [UInt8]?) {
        header("Content-Type", "application/octet-stream")
        body = bytes ?? []
    }

    /// A JSON document that was written before.
    package mutating func document(_ bytes: [UInt8]) {
        header("Content-Type", "application/json")
        body = bytes
    }
}
