import FoundationEssentials
import Glibc
import PosternHTTP

/// What the quickstart prints: commands to paste into another terminal, and what each shows.
struct QuickstartLesson {
    private let service: Service
    private let files: QuickstartFiles

    init(_ service: Service, _ files: QuickstartFiles) {
        self.service = service
        self.files = files
    }

    func print(isSecured: Bool) async {
        Swift.print(isSecured ? await secured : await plain)
        // Standard output may be a pipe or a file, which is written only when told.
        fflush(nil)
    }

    private func address(of endpoint: String) async -> String {
        await service.addresses(of: endpoint).first?.listenerText ?? ""
    }

    /// This program, wherever the commands are pasted.
    private var program: String {
        guard let path = realpath("/proc/self/exe", nil) else { return CommandLine.arguments[0] }
        defer { free(path) }
        return String(cString: path)
    }

    private var plain: String {
        get async {
            let office = await address(of: "vpce-office")
            let guest = await address(of: "vpce-guest")
            return """
                Postern \(Version.text) serves the API `shop` (stages dev and prod) for two demo services.
                  endpoint vpce-office   http://\(office)   the policy allows it
                  endpoint vpce-guest    http://\(guest)   the policy denies it
                  configuration          \(files.directory)

                Try, in another terminal:

                  curl -i http://\(office)/dev/order/7
                      allowed: routed by stage and path to the service `orders`, which shows what reached it
                  curl -i -X POST -d '{"sku":"a-1"}' http://\(office)/prod/cart/items/a-1
                      allowed: the other stage, a greedy path, another service
                  curl -i http://\(guest)/dev/order/7
                      refused: the same request by the other endpoint meets an explicit deny
                  curl -i http://\(office)/dev/invoices
                      refused: no such route; answered as AWS answers it
                  curl -i --path-as-is http://\(office)/dev/order/%2e%2e/secret
                      refused: a path that two readers could take differently

                Then look at how each was decided:

                  tail -n 5 \(files.directory)/access.log
                  \(program) status --admin \(files.adminSocket)

                Callers with certificates: postern quickstart --mtls. Ctrl-C stops it.
                """
        }
    }

    private var secured: String {
        get async {
            let url = "https://" + (await address(of: "vpce-mesh")) + "/dev/order"
            let orders = "--cacert ca.pem --cert orders.pem --key orders.key"
            let other = "--cacert ca.pem --cert other.pem --key other.key"
            let request = UUID().uuidString.lowercased()
            return """
                Postern \(Version.text) serves the API `shop` over mutual TLS for two demo services. Its authority was made a moment ago.
                  orders.pem      \(DemoAuthority.id(of: "orders"))   the policy allows it
                  other.pem       \(DemoAuthority.id(of: "other"))    the policy does not name it
                  configuration   \(files.directory)

                Try, in another terminal:

                  cd \(files.directory)/tls
                  curl -i \(orders) \(url)/7
                      allowed: the service `orders` is told who asks in X-Forwarded-Client-Cert
                  curl -i \(other) -H 'x-amzn-RequestId: \(request)' \(url)/7
                      refused: a good certificate, but the policy admits another SPIFFE ID
                  \(program) explain \(request) --admin ../admin.sock
                      and why
                  curl -i --cacert ca.pem \(url)/7
                      refused in the handshake: a certificate is required

                Take the certificate of `orders` back while it is in use. The first line asks once a second, on one connection; the
                second replaces the revocation list. Within seconds that connection is ended, and a new one is refused (000):

                  curl -s --fail-early --rate 1/s -o /dev/null -w '%{http_code}, new connections: %{num_connects}\\n' \(orders) '\(url)/[1-60]' &
                  cp orders-revoked.crl clients.crl
                  wait $!
                  curl -i \(orders) \(url)/7
                      refused in the handshake: the certificate is revoked

                Then look at what is served and how each was decided, and give the certificate back:

                  \(program) certs --admin ../admin.sock
                  sleep 1; tail -n 3 ../access.log
                  cp none-revoked.crl clients.crl

                Ctrl-C stops it.
                """
        }
    }
}
