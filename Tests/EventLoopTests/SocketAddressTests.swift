import Testing

@testable import EventLoop

@Suite("Addresses")
struct SocketAddressTests {
    @Test(
        "what is written is read back",
        arguments: [
            "127.0.0.1:7000", "0.0.0.0:0", "255.255.255.255:65535", "[::1]:7000", "[::]:1", "[2001:db8::17]:443",
        ])
    func roundTrip(_ text: String) throws {
        let address = try #require(HostPort(parsing: text).numeric)
        #expect(address.description == text)
        #expect(try HostPort(parsing: text).resolve() == [address])
    }

    @Test("families, loopback and wildcard are told apart")
    func kinds() throws {
        let four = try #require(HostPort(parsing: "127.8.9.1:5").numeric)
        #expect(four.family == .ipv4 && four.isLoopback && !four.isWildcard)
        let six = try #require(HostPort(parsing: "[::1]:5").numeric)
        #expect(six.family == .ipv6 && six.isLoopback && !six.isWildcard)
        #expect(try #require(HostPort(parsing: "0.0.0.0:5").numeric).isWildcard)
        #expect(try #require(HostPort(parsing: "[::]:5").numeric).isWildcard)
        #expect(!(try #require(HostPort(parsing: "10.0.0.1:5").numeric).isLoopback))
        #expect(SocketAddress(high: four.high, low: four.low, port: 5) == four)
    }

    @Test("a host name is looked up, and is no numeric address")
    func names() throws {
        let local = try HostPort(parsing: "localhost:7001")
        #expect(local.numeric == nil)
        let resolved = try local.resolve()
        #expect(resolved.contains { $0.isLoopback && $0.port == 7001 })
    }

    @Test(
        "each mistake has its own words",
        arguments: [
            ("127.0.0.1", AddressError.noPort("127.0.0.1")), ("", .noPort("")), (":7000", .noHost(":7000")),
            ("a:", .badPort("a:")), ("a:70000", .badPort("a:70000")), ("a:+1", .badPort("a:+1")),
            ("::1:7000", .unbracketed("::1:7000")), ("[::1", .unbracketed("[::1")), ("[::1]7000", .noPort("[::1]7000")),
            ("[]:1", .noHost("[]:1")),
        ])
    func mistakes(_ text: String, _ expected: AddressError) {
        #expect(throws: expected) { try HostPort(parsing: text) }
        #expect(!expected.description.isEmpty)
    }

    @Test("an unknown host says so")
    func unknownHost() throws {
        let host = try HostPort(parsing: "no-such-host.invalid:1")
        do {
            _ = try host.resolve()
            Issue.record("an invalid name was resolved")
        } catch {
            #expect("\(error)".hasPrefix("resolve no-such-host.invalid: "))
        }
    }
}
