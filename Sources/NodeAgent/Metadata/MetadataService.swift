// The instance metadata service: one listener per VPC, guests told apart by VPC and source address, which the fabric
// vouches for. Follows: EC2 User Guide, "Instance metadata and user data".

package import CloudTypes
package import HTTPListener
package import Logging
package import NodeContract

package actor MetadataService: MetadataServing {
    private struct Served {
        let metadata: InstanceMetadata
        let tree: MetadataTree
        /// Signed at the first request: few guests ask.
        var documents: [String: String]?
    }
    private struct Source: Hashable {
        let vpc: VPCID
        let address: String
    }

    private let time: any Timekeeper
    private let identity: IdentitySigner?
    private let keySigner: ConnectKeySigner?
    private let log: Logger
    private var keys = OfferedKeys()
    private let tokens = MetadataTokens()
    private var listeners: [VPCID: HTTPListener] = [:]
    private var served: [InstanceID: Served] = [:]
    private var sources: [Source: InstanceID] = [:]

    /// Versions that clients ask for; all answer alike, as no category was ever taken away.
    private static let versions = [
        "1.0", "2007-01-19", "2007-03-01", "2007-08-29", "2007-10-10", "2007-12-15", "2008-02-01", "2008-09-01",
        "2009-04-04", "2011-01-01", "2011-05-01", "2012-01-12", "2014-02-25", "2014-11-05", "2015-10-20", "2016-04-19",
        "2016-06-30", "2016-09-02", "2018-03-28", "2018-08-17", "2018-09-24", "2019-10-01", "2020-10-27", "2021-01-03",
        "2021-03-23", "2021-07-15", "2022-07-09", "2022-09-24", "2024-04-11", "latest",
    ]

    package init(
        time: any Timekeeper, identity: IdentitySigner?, keySigner: ConnectKeySigner? = nil, log: Logger
    ) {
        (self.time, self.identity, self.keySigner, self.log) = (time, identity, keySigner, log)
    }

    package func serve(_ vpc: VPCID, on descriptor: Int32) async {
        var limits = HTTPListenerLimits()
        (limits.maxBodyBytes, limits.maxHeaderBytes, limits.maxConnections) = (1024, 8192, 1024)
        do {
            let listener = try await HTTPListener.start(on: .socket(descriptor: descriptor), limits: limits) {
                await self.answer($0, in: vpc)
            }
            let old = listeners.updateValue(listener, forKey: vpc)
            await old?.shutdown(grace: .zero)
        } catch {
            log.error("metadata cannot be served", metadata: ["vpc": "\(vpc)", "error": "\(error)"])
        }
    }

    package func stop(_ vpc: VPCID) async { await listeners.removeValue(forKey: vpc)?.shutdown(grace: .zero) }

    package func set(_ metadata: InstanceMetadata?, of instance: InstanceID) async {
        forget(instance)
        guard let metadata else { return keys.forget(instance) }
        let names = identity == nil ? [] : IdentitySigner.names
        let tree = MetadataTree(
            of: metadata, identityNames: names, keyNames: keySigner == nil ? [] : MetadataService.keyNames)
        served[instance] = Served(metadata: metadata, tree: tree)
        for source in MetadataService.sources(of: metadata) { sources[source] = instance }
    }

    private func forget(_ instance: InstanceID) {
        guard let old = served.removeValue(forKey: instance) else { return }
        for source in MetadataService.sources(of: old.metadata) where sources[source] == instance {
            sources[source] = nil
        }
    }

    private static func sources(of metadata: InstanceMetadata) -> [Source] {
        metadata.interfaces.flatMap { interface in
            interface.addresses.map { Source(vpc: interface.vpc, address: "\($0.privateAddress)") }
        }
    }

    package func answer(_ request: HTTPRequest, in vpc: VPCID) async -> HTTPResponse {
        guard let id = sources[Source(vpc: vpc, address: request.peerAddress)], let served = served[id] else {
            return MetadataService.failure(404, "Not Found")
        }
        let options = served.metadata.options
        guard options.isEnabled else { return MetadataService.failure(403, "Forbidden") }
        var response = request.path == "/latest/api/token" ? token(request, for: id) : await page(request, of: served)
        response.ipTTL = options.hopLimit
        return response
    }

    private func token(_ request: HTTPRequest, for instance: InstanceID) -> HTTPResponse {
        guard request.method == "PUT" else { return MetadataService.failure(405, "Method Not Allowed") }
        guard request.header("X-Forwarded-For") == nil else { return MetadataService.failure(403, "Forbidden") }
        guard let text = request.header("X-aws-ec2-metadata-token-ttl-seconds"), let seconds = Int(text),
            MetadataTokens.lifetimes.contains(seconds)
        else { return MetadataService.failure(400, "Bad Request") }
        let token = tokens.issue(for: instance, seconds: seconds, now: time.now)
        return HTTPResponse(
            status: 200,
            headers: [
                ("Content-Type", "text/plain"), ("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "\(seconds)"),
                ("Server", "EC2ws"),
            ], body: Array(token.utf8))
    }

    private func page(_ request: HTTPRequest, of served: Served) async -> HTTPResponse {
        guard request.method == "GET" || request.method == "HEAD" else {
            return MetadataService.failure(405, "Method Not Allowed")
        }
        if let token = request.header("X-aws-ec2-metadata-token") {
            guard tokens.accepts(token, from: served.metadata.instance, now: time.now) else {
                return MetadataService.failure(401, "Unauthorized")
            }
        } else if served.metadata.options.requiresToken {
            return MetadataService.failure(401, "Unauthorized")
        }
        let path = request.path.split(separator: "/")
        guard let version = path.first else {
            return text(MetadataService.versions.joined(separator: "\n"))
        }
        guard MetadataService.versions.contains(String(version)) else {
            return MetadataService.failure(404, "Not Found")
        }
        if path.dropFirst().starts(with: ["meta-data", "managed-ssh-keys"]) {
            return await keyPage(path.dropFirst(3).map(String.init), of: served.metadata.instance)
        }
        guard let node = served.tree.node(at: path.dropFirst()) else {
            return MetadataService.failure(404, "Not Found")
        }
        if path.dropFirst().starts(with: ["dynamic", "instance-identity"]), path.count == 4 {
            return await identityPage(String(path[3]), of: served)
        }
        return HTTPResponse(
            status: 200, headers: [("Content-Type", contentType(of: node)), ("Server", "EC2ws")],
            body: MetadataTree.body(of: node))
    }

    private func identityPage(_ name: String, of served: Served) async -> HTTPResponse {
        let id = served.metadata.instance
        do {
            if self.served[id]?.documents == nil, let identity {
                let documents = try await identity.documents(of: served.metadata)
                self.served[id]?.documents = Dictionary(documents.map { ($0.name, $0.text) }, uniquingKeysWith: { $1 })
            }
            guard let page = self.served[id]?.documents?[name] else { return MetadataService.failure(404, "Not Found") }
            return text(page)
        } catch {
            log.error("an identity document cannot be signed", metadata: ["error": "\(error)"])
            return MetadataService.failure(503, "Service Unavailable")
        }
    }

    // MARK: EC2 Instance Connect

    package func offer(_ key: ConnectKey, to instance: InstanceID) async throws(NodeError) {
        guard let keySigner, served[instance] != nil else { throw .noSuchGuest(instance) }
        let entry: String
        do { entry = try await keySigner.entry(key, for: instance) } catch {
            throw .hostFailed("a key could not be signed: \(error)")
        }
        // It may have gone meanwhile.
        guard served[instance] != nil else { throw .noSuchGuest(instance) }
        keys.offer(key, as: entry, to: instance, now: time.now)
    }

    /// What is always there; the keys themselves only while there are some.
    static let keyNames = ["signer-cert", "signer-ocsp/"]

    /// - Parameter path: below `managed-ssh-keys`.
    private func keyPage(_ path: [String], of instance: InstanceID) async -> HTTPResponse {
        guard let keySigner else { return MetadataService.failure(404, "Not Found") }
        let users = keys.users(of: instance, now: time.now)
        do {
            let page: String? =
                switch (path.first, path.dropFirst().first, path.count) {
                case (nil, _, _):
                    ((users.isEmpty ? [] : ["active-keys/"]) + MetadataService.keyNames).joined(separator: "\n")
                case ("active-keys", nil, _) where !users.isEmpty:
                    users.map { $0 + "/" }.joined(separator: "\n")
                case ("active-keys", let user?, 2): keys.list(for: user, of: instance, now: time.now)
                case ("signer-cert", nil, _): try await keySigner.certificates().chain
                case ("signer-ocsp", nil, _): try await keySigner.certificates().fingerprint
                case ("signer-ocsp", let name?, 2):
                    try await keySigner.certificates().fingerprint == name
                        ? try await keySigner.certificates().proof : nil
                default: nil
                }
            return page.map(text) ?? MetadataService.failure(404, "Not Found")
        } catch {
            log.error("the signer of keys cannot be made", metadata: ["error": "\(error)"])
            return MetadataService.failure(503, "Service Unavailable")
        }
    }

    private func text(_ text: String) -> HTTPResponse {
        HTTPResponse(
            status: 200, headers: [("Content-Type", "text/plain"), ("Server", "EC2ws")], body: Array(text.utf8))
    }

    private func contentType(of node: MetadataTree.Node) -> String {
        if case .bytes = node { return "application/octet-stream" }
        return "text/plain"
    }

    private static func failure(_ status: Int, _ title: String) -> HTTPResponse {
        let page = """
            <?xml version="1.0" encoding="iso-8859-1"?>
            <!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" \
            "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
            <html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">
             <head><title>\(status) - \(title)</title></head>
             <body><h1>\(status) - \(title)</h1></body>
            </html>

            """
        return HTTPResponse(
            status: status, headers: [("Content-Type", "text/html"), ("Server", "EC2ws")], body: Array(page.utf8))
    }
}
