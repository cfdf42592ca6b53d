using System.Text;
using Xunit;
using ZarrCache.Conformance.Http;

namespace ZarrCache.Core.Tests.Http;

/// <summary>Who is told the credentials, and who is not.</summary>
public sealed class HttpCredentialTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_token_of_the_options_goes_before_the_url_and_the_environment()
    {
        Assert.Contains("Authorization: Bearer t0ken\r\n", await AskAsync("user:password@", new HttpZarrStoreOptions { BearerToken = "t0ken", GetEnvironmentVariable = Everything }));
        Assert.Contains("Authorization: Bearer from-ZARRCACHE_HTTP_TOKEN\r\n", await AskAsync("", new HttpZarrStoreOptions { GetEnvironmentVariable = Everything }));
    }

    [Fact]
    public async Task Basic_credentials_come_from_options_url_or_environment()
    {
        Assert.Contains(Basic("me:secret"), await AskAsync("user:password@", new HttpZarrStoreOptions { User = "me", Password = "secret" }));
        Assert.Contains(Basic("us er:pa:ss"), await AskAsync("us%20er:pa%3Ass@", new HttpZarrStoreOptions { GetEnvironmentVariable = Everything }));
        Assert.Contains(
            Basic("from-ZARRCACHE_HTTP_USER:from-ZARRCACHE_HTTP_PASSWORD"),
            await AskAsync("", new HttpZarrStoreOptions { GetEnvironmentVariable = name => name == "ZARRCACHE_HTTP_TOKEN" ? null : Everything(name) }));
    }

    [Fact]
    public async Task Headers_and_the_user_agent_are_sent()
    {
        string request = await AskAsync("", new HttpZarrStoreOptions { Headers = new Dictionary<string, string> { ["X-Api-Key"] = "k" }, GetEnvironmentVariable = _ => null });
        Assert.Contains("X-Api-Key: k\r\n", request);
        Assert.Contains("User-Agent: ZarrCache/", request);
        Assert.DoesNotContain("Authorization", request);
    }

    [Fact]
    public async Task A_redirect_to_the_same_host_is_followed_with_credentials()
    {
        await using var server = new MisbehavingServer(request => request.WriteAsync(
            request.Number == 1 ? "HTTP/1.1 307 There\r\nLocation: /elsewhere/u\r\nContent-Length: 0\r\n\r\n" : Ok));
        await using var origin = new HttpZarrStore(server.BaseAddress, new HttpZarrStoreOptions { BearerToken = "t0ken" });
        Assert.Equal("ok"u8.ToArray(), await origin.GetBytesAsync("u", ct: Ct));
        Assert.StartsWith("GET /elsewhere/u ", server.Requests[1]);
        Assert.Contains("Bearer t0ken", server.Requests[1]);
    }

    [Fact]
    public async Task A_redirect_to_another_host_is_refused_or_followed_without_credentials()
    {
        await using var other = new MisbehavingServer(request => request.WriteAsync(Ok));
        await using var server = new MisbehavingServer(request => request.WriteAsync(
            $"HTTP/1.1 302 There\r\nLocation: {other.BaseAddress}/u?sig=s3cret\r\nContent-Length: 0\r\n\r\n"));
        await using var strict = new HttpZarrStore(server.BaseAddress);
        var error = await Assert.ThrowsAsync<StoreException>(async () => await strict.GetBytesAsync("u", ct: Ct));
        Assert.Contains("AllowRedirectsToOtherHosts", error.Message);
        Assert.DoesNotContain("s3cret", error.ToString());
        Assert.Empty(other.Requests);

        var options = new HttpZarrStoreOptions { BearerToken = "t0ken", Headers = new Dictionary<string, string> { ["X-Api-Key"] = "k" }, AllowRedirectsToOtherHosts = true };
        await using var open = new HttpZarrStore(server.BaseAddress, options);
        Assert.Equal("ok"u8.ToArray(), await open.GetBytesAsync("u", ByteRange.All, Ct));
        Assert.StartsWith("GET /data/u?sig=s3cret ", other.Requests.Single());
        Assert.DoesNotContain("t0ken", other.Requests.Single());
        Assert.DoesNotContain("X-Api-Key", other.Requests.Single());
    }

    [Theory]
    [InlineData("file:///etc/passwd", "another host|https")]
    [InlineData("http://[", "no URL|302")]
    public async Task A_redirect_to_no_web_address_is_refused(string location, string rules)
    {
        await using var server = new MisbehavingServer(request => request.WriteAsync($"HTTP/1.1 302 There\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"));
        await using var origin = new HttpZarrStore(server.BaseAddress, new HttpZarrStoreOptions { AllowRedirectsToOtherHosts = true });
        var error = await Assert.ThrowsAsync<StoreException>(async () => await origin.GetBytesAsync("u", ct: Ct));
        Assert.Contains(rules.Split('|'), rule => error.Message.Contains(rule, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Redirects_in_a_circle_end()
    {
        await using var server = new MisbehavingServer(request => request.WriteAsync("HTTP/1.1 301 There\r\nLocation: /data/u\r\nContent-Length: 0\r\n\r\n"));
        await using var origin = new HttpZarrStore(server.BaseAddress);
        Assert.Contains("more than 10 times", (await Assert.ThrowsAsync<StoreException>(async () => await origin.GetBytesAsync("u", ct: Ct))).Message);
    }

    public static TheoryData<string, HttpZarrStoreOptions, string> WrongOptions => new()
    {
        { "ftp://host/x", new(), "absolute http or https URL" },
        { "/x", new(), "absolute http or https URL" },
        { "http://host/x#f", new(), "fragment" },
        { "http://host", new() { MaxConnections = 0 }, "MaxConnections must be from 1" },
        { "http://host", new() { MaxRetries = -1 }, "MaxRetries must be from 0" },
        { "http://host", new() { MaxResumptions = -1 }, "MaxResumptions must be" },
        { "http://host", new() { MinBytesPerSecond = -1 }, "MinBytesPerSecond must be" },
        { "http://host", new() { MaxUnsizedBody = -1 }, "MaxUnsizedBody must be" },
        { "http://host", new() { HeadersTimeout = TimeSpan.Zero }, "HeadersTimeout must be" },
        { "http://host", new() { TotalTimeout = TimeSpan.FromDays(2) }, "TotalTimeout must be" },
        { "http://host", new() { ConnectTimeout = TimeSpan.FromSeconds(-1) }, "ConnectTimeout must be" },
        { "http://host", new() { StallTimeout = TimeSpan.Zero }, "StallTimeout must be" },
        { "http://host", new() { RetryDelay = TimeSpan.FromSeconds(-1) }, "RetryDelay must be" },
        { "http://host", new() { MaxRetryDelay = TimeSpan.FromSeconds(-1) }, "MaxRetryDelay must be" },
        { "http://host", new() { AbsentStatusCodes = [500] }, "AbsentStatusCodes has 500" },
        { "http://host", new() { AbsentStatusCodes = [429] }, "AbsentStatusCodes has 429" },
        { "http://host", new() { Headers = new Dictionary<string, string> { ["Range"] = "x" } }, "'Range', which the store sets itself" },
        { "http://host", new() { Headers = new Dictionary<string, string> { ["X-Secret"] = "s3cret\r\nHost: evil" } }, "'X-Secret'" },
        { "http://host", new() { BearerToken = "s3cret\n" }, "BearerToken must be" },
        { "http://host", new() { BearerToken = "s3cret", User = "me" }, "Only one" },
        { "http://host", new() { Password = "s3cret" }, "without User" },
        { "http://host", new() { User = "a:b", Password = "s3cret" }, "no ':'" },
        { "http://host", new() { UserAgent = " " }, "UserAgent" },
    };

    [Theory]
    [MemberData(nameof(WrongOptions))]
    public void A_wrong_option_is_refused_by_name_and_rule(string url, HttpZarrStoreOptions options, string rule)
    {
        Exception error = Assert.ThrowsAny<ArgumentException>(() => new HttpZarrStore(new Uri(url, UriKind.RelativeOrAbsolute), options));
        Assert.Contains(rule, error.Message);
        Assert.DoesNotContain("s3cret", error.ToString());
    }

    private static string Everything(string name) => "from-" + name;

    private static string Basic(string credentials) => $"Authorization: Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes(credentials))}\r\n";

    private static async Task<string> AskAsync(string userInfo, HttpZarrStoreOptions options)
    {
        await using var server = new MisbehavingServer(request => request.WriteAsync(Ok));
        await using var origin = new HttpZarrStore(new Uri($"http://{userInfo}127.0.0.1:{server.BaseAddress.Port}"), options);
        Assert.Equal("ok"u8.ToArray(), await origin.GetBytesAsync("u", ct: Ct));
        return server.Requests.Single();
    }
}
