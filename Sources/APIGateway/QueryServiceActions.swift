// A service of the query protocols: its actions by name.

package import AWSWire
package import CloudTypes

package struct QueryServiceActions: Sendable {
    package let service: QueryService
    private let actions: [String: Action]

    package init(_ service: QueryService, _ actions: [Action]) {
        self.service = service
        self.actions = Dictionary(actions.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
    }

    package var names: [String] { actions.keys.sorted() }

    /// - Throws: `MissingAction`, `InvalidAction` for what AWS does not know either, `UnsupportedOperation` for what
    ///   AWS knows and this cloud does not answer.
    package func action(of request: QueryRequest) throws(EC2Error) -> Action {
        guard let name = request.action, !name.isEmpty else {
            throw EC2Error("MissingAction", "The request is missing an action or a required parameter.")
        }
        if let version = request.version, Timestamp(iso8601: version) == nil {
            throw EC2Error(
                "NoSuchVersion", "The requested version (\(version)) of service \(service.signingName) does not exist")
        }
        if let action = actions[name] { return action }
        guard service.knows(operation: name) else {
            throw EC2Error("InvalidAction", "The action \(name) is not valid for this web service.")
        }
        throw .unsupported("The action \(name) is not supported by this cloud.")
    }
}
