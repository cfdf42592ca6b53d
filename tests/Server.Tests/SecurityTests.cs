using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Xunit;

namespace ZarrCache.Server.Tests;

/// <summary>What no decent client sends, byte by byte over a socket.</summary>
public sealed class SecurityTests
{
    [Theory]
    [InlineData("/s/../s/k")]
    [InlineData("/s/u/../../../etc/passwd")]
    [InlineData("/s/%2e%2e/k")]
    [InlineData("/s/%2E%2e/%2e%2E/etc/passwd")]
    [InlineData("/s/.%2e/k")]
    [InlineData("/s/./k")]
    [InlineData("/s/u%2fk")]
    [InlineData("/s/u%2Fk")]
    [InlineData("/s%2fk")]
    [InlineData("/s/u%5ck")]
    [InlineData("/s/..%5c..%5cetc")]
    [InlineData("/s/u\\k")]
    [InlineData("/s/k%00")]
    [InlineData("/s/k%0a")]
    [InlineData("/s/k%7f")]
    [InlineData("/s/k%")]
    [InlineData("/s/k%2")]
    [InlineData("/s/k%zz")]
    [InlineData("/s/k%c0%ae")]
    [InlineData("/s/k%ff")]
    [InlineData("/s//k")]
    [InlineData("//s/k")]
    [InlineData("/s/k#fragment")]
    [InlineData("/s/k|x")]
    public async Task A_path_in_disguise_is_refused_and_reaches_no_origin(string path)
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        await gateway.GiveAsync("k", 10);
        string answer = await AskAsync(gateway, $"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        Assert.Matches("^HTTP/1.1 4(00|21) ", answer);
        Assert.Equal(0, gateway.Origin.Requests);
    }

    [Theory]
    [InlineData("GET http://localhost/s/k HTTP/1.1\r\nHost: localhost\r\n\r\n", "400")]
    [InlineData("GET http://example.org/ HTTP/1.1\r\nHost: localhost\r\n\r\n", "400")]
    [InlineData("CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n", "405")]
    [InlineData("CONNECT localhost:80 HTTP/1.1\r\nHost: localhost:80\r\n\r\n", "405")]
    [InlineData("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", "405")]
    [InlineData("GET /s/http://example.org/k HTTP/1.1\r\nHost: localhost\r\n\r\n", "400")]
    [InlineData("GET /http://example.org/k HTTP/1.1\r\nHost: localhost\r\n\r\n", "421")]
    public async Task It_is_no_proxy(string request, string status)
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        string answer = await AskAsync(gateway, request.Replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n", StringComparison.Ordinal));
        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.Equal(0, gateway.Origin.Requests);
    }

    [Theory]
    [InlineData("Content-Length: 5\r\nContent-Length: 6\r\n")]
    [InlineData("Content-Length: 5\r\nContent-Length: 5\r\n")]
    [InlineData("Content-Length: 5, 6\r\n")]
    [InlineData("Content-Length: +5\r\n")]
    [InlineData("Content-Length: 0x5\r\n")]
    [InlineData("Content-Length: 5\r\n")]
    [InlineData("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n")]
    [InlineData("Transfer-Encoding: chunked, identity\r\n")]
    public async Task A_body_is_refused_and_what_follows_is_not_taken_for_a_request(string headers)
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        await gateway.GiveAsync("k", 10);
        await gateway.GiveAsync("smuggled", 10);
        string answer = await AskAsync(gateway, $"GET /s/k HTTP/1.1\r\nHost: localhost\r\n{headers}\r\nGET /s/smuggled HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 4", answer, StringComparison.Ordinal);
        Assert.Equal(answer.IndexOf("HTTP/1.1", StringComparison.Ordinal), answer.LastIndexOf("HTTP/1.1", StringComparison.Ordinal));
        Assert.Equal(0, gateway.Origin.Requests);
    }

    [Fact]
    public async Task An_empty_body_is_none()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        await gateway.GiveAsync("k", 10);
        Assert.StartsWith("HTTP/1.1 200 ", await AskAsync(gateway, "GET /s/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("PUT")]
    [InlineData("POST")]
    [InlineData("DELETE")]
    [InlineData("PATCH")]
    [InlineData("TRACE")]
    [InlineData("PROPFIND")]
    [InlineData("get")]
    public async Task It_is_read_only(string method)
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        await gateway.WarmAsync("k", 10);
        string answer = await AskAsync(gateway, $"{method} /s/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 405 ", answer, StringComparison.Ordinal);
        Assert.Contains("Allow: GET, HEAD", answer);
        Assert.Equal(1, gateway.Origin.Requests);
        Assert.Equal(10, (await (await gateway.GetAsync("/s/k")).BytesAsync()).Length);
    }

    [Theory]
    [InlineData("Host: localhost", true)]
    [InlineData("Host: LOCALHOST:1234", true)]
    [InlineData("Host: 127.0.0.1", true)]
    [InlineData("Host: [::1]:80", true)]
    [InlineData("Host: evil.example", false)]
    [InlineData("Host: localhost.evil.example", false)]
    [InlineData("Host: evil.example:127", false)]
    [InlineData("Host: ", false)]
    public async Task Only_hosts_of_the_list_are_answered(string header, bool isAnswered)
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        await gateway.GiveAsync("k", 10);
        foreach (string path in (string[])["/s/k", "/", "/metrics", "/-/status"])
        {
            string answer = await AskAsync(gateway, $"GET {path} HTTP/1.1\r\n{header}\r\nConnection: close\r\n\r\n");
            Assert.StartsWith($"HTTP/1.1 {(isAnswered ? "200" : "421")} ", answer, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_request_without_a_host_or_with_two_is_refused()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        Assert.StartsWith("HTTP/1.1 400 ", await AskAsync(gateway, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 400 ", await AskAsync(gateway, "GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\nConnection: close\r\n\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_can_be_allowed()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(configure: options => options.AllowedHosts.Add("zarr.lab"));
        Assert.StartsWith("HTTP/1.1 200 ", await AskAsync(gateway, "GET / HTTP/1.1\r\nHost: zarr.lab:80\r\nConnection: close\r\n\r\n"), StringComparison.Ordinal);
        await using TestGateway any = await TestGateway.StartAsync(configure: options => options.AllowedHosts.Add("*"));
        Assert.StartsWith("HTTP/1.1 200 ", await AskAsync(any, "GET / HTTP/1.1\r\nHost: whatever\r\nConnection: close\r\n\r\n"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, "403")]
    [InlineData(true, "200")]
    public async Task Clients_on_other_machines_are_answered_only_if_told_to(bool allow, string status)
    {
        await using TestGateway gateway = await TestGateway.StartAsync(
            configure: options => options.AllowRemoteClients = allow,
            map: app =>
            {
                // there is no other machine in a test, so the server is told that there is
                app.Use((context, next) =>
                {
                    context.Connection.RemoteIpAddress = System.Net.IPAddress.Parse("192.0.2.1");
                    return next(context);
                });
                app.MapZarrCache();
            });
        Assert.StartsWith($"HTTP/1.1 {status} ", await AskAsync(gateway, "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET /{0} HTTP/1.1\r\nHost: localhost\r\n\r\n", 9000, "414")]
    [InlineData("GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: {0}\r\n\r\n", 20_000, "431")]
    public async Task Oversized_requests_are_refused(string request, int length, string status)
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        string answer = await AskAsync(gateway, string.Format(System.Globalization.CultureInfo.InvariantCulture, request, new string('a', length)));
        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Too_many_headers_are_refused()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        string many = string.Concat(Enumerable.Range(0, 100).Select(i => $"X-{i}: 1\r\n"));
        Assert.StartsWith("HTTP/1.1 431 ", await AskAsync(gateway, $"GET / HTTP/1.1\r\nHost: localhost\r\n{many}\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_longer_than_a_key_may_be_is_refused()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        string answer = await AskAsync(gateway, $"GET /s/{new string('a', 1025)} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Credentials_and_cookies_of_a_client_go_to_no_origin()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        await gateway.GiveAsync("k", 10);
        List<string> sent = [];
        gateway.Origin.Intercept = (context, answer) =>
        {
            sent.AddRange(context.Request.Headers.Select(header => $"{header.Key}: {header.Value}"));
            return answer(context);
        };
        const string Secrets = "Authorization: Bearer client-secret\r\nCookie: session=client-secret\r\nProxy-Authorization: Basic client-secret\r\nX-Api-Key: client-secret\r\nReferer: http://client-secret/\r\n";
        string answer = await AskAsync(gateway, $"GET /s/k?token=client-secret HTTP/1.1\r\nHost: localhost\r\n{Secrets}Connection: close\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
        Assert.NotEmpty(sent);
        Assert.DoesNotContain(sent, header => header.Contains("client-secret", StringComparison.Ordinal));
        Assert.DoesNotContain(sent, header => header.StartsWith("Cookie", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task A_redirect_to_another_host_is_not_followed_unless_allowed()
    {
        await using TestGateway other = await TestGateway.StartAsync();
        byte[] value = await other.GiveAsync("k", 10);
        foreach (bool allow in (bool[])[false, true])
        {
            await using TestGateway gateway = await TestGateway.StartAsync(
                url => new GatewayStore("s", url, new HttpZarrStoreOptions { MaxRetries = 0, AllowRedirectsToOtherHosts = allow, GetEnvironmentVariable = _ => null }));
            gateway.Origin.Intercept = (context, _) =>
            {
                context.Response.Redirect(new Uri(other.Origin.BaseAddress, "k").ToString());
                return Task.CompletedTask;
            };
            using HttpResponseMessage response = await gateway.GetAsync("/s/k").WithStatusAsync(allow ? System.Net.HttpStatusCode.OK : System.Net.HttpStatusCode.BadGateway);
            if (allow)
            {
                Assert.Equal(value, await response.BytesAsync());
            }
        }
    }

    [Fact]
    public async Task Headers_that_do_not_end_are_not_waited_for()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        string answer = await AskAsync(gateway, "GET /s/k HTTP/1.1\r\nHost: localhost\r\nX-Slow: ");
        Assert.StartsWith("HTTP/1.1 408 ", answer, StringComparison.Ordinal);
        Assert.Equal(0, gateway.Origin.Requests);
    }

    [Fact]
    public async Task Answers_name_no_server_and_errors_no_secret()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(url => new GatewayStore("s", new Uri($"http://user:origin-secret@{url.Authority}/x?sig=origin-secret"), TestGateway.Impatient));
        gateway.Origin.Intercept = (context, _) =>
        {
            context.Response.StatusCode = 500;
            return Task.CompletedTask;
        };
        foreach (string path in (string[])["/s/k", "/-/status", "/metrics", "/s/?list"])
        {
            string answer = await AskAsync(gateway, $"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            Assert.DoesNotContain("Server:", answer);
            Assert.DoesNotContain("origin-secret", answer);
        }
    }

    /// <summary>Sends bytes as they are, and reads until the server closes the connection or says nothing for a while.</summary>
    private static async Task<string> AskAsync(TestGateway gateway, string request)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(gateway.Address.Host, gateway.Address.Port, TestGateway.Ct);
        await socket.SendAsync(Encoding.Latin1.GetBytes(request), SocketFlags.None, TestGateway.Ct);
        var answer = new StringBuilder();
        byte[] buffer = new byte[64 << 10];
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestGateway.Ct);
        patience.CancelAfter(TimeSpan.FromSeconds(20));
        try
        {
            for (int count; (count = await socket.ReceiveAsync(buffer, SocketFlags.None, patience.Token)) > 0;)
            {
                answer.Append(Encoding.Latin1.GetString(buffer, 0, count));
            }
        }
        catch (SocketException)
        {
            // closed with what it had not read: a reset, after its answer
        }

        return answer.ToString();
    }
}
