using System.Globalization;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using ZarrCache.Conformance.Http;

namespace ZarrCache.Core.Tests.Http;

/// <summary>Origins that misbehave: never a wrong byte, and always an end.</summary>
public sealed class HttpMisbehaviourTests
{
    private const string Body = "0123456789";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> WrongAnswers => new()
    {
        { "HTTP/1.1 206 Partial Content\r\nContent-Length: 3\r\nContent-Range: bytes 3-5/10\r\n\r\n345", "another range" },
        { "HTTP/1.1 206 Partial Content\r\nContent-Length: 4\r\nContent-Range: bytes 2-5/10\r\n\r\n2345", "another range" },
        { "HTTP/1.1 206 Partial Content\r\nContent-Length: 2\r\nContent-Range: bytes 2-3/10\r\n\r\n23", "another range" },
        { "HTTP/1.1 206 Partial Content\r\nContent-Length: 2\r\nContent-Range: bytes 2-4/10\r\n\r\n23", "contradict" },
        { "HTTP/1.1 206 Partial Content\r\nContent-Length: 3\r\nContent-Range: bytes 2-4/*\r\n\r\n234", "size" },
        { "HTTP/1.1 206 Partial Content\r\nContent-Length: 3\r\nContent-Range: chunks 2-4/10\r\n\r\n234", "Content-Range" },
        { "HTTP/1.1 206 Partial Content\r\nContent-Length: 3\r\n\r\n234", "Content-Range" },
        { "HTTP/1.1 206 Partial Content\r\nContent-Length: 3\r\nContent-Range: bytes 2-4/4\r\n\r\n234", "" },
        { "HTTP/1.1 206 Partial Content\r\nTransfer-Encoding: chunked\r\nContent-Range: bytes 2-4/10\r\n\r\n4\r\n2345\r\n0\r\n\r\n", "more than the 3 bytes" },
        { "HTTP/1.1 206 Partial Content\r\nTransfer-Encoding: chunked\r\nContent-Range: bytes 2-4/10\r\n\r\n2\r\n23\r\n0\r\n\r\n", "shorter" },
        { "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\n\r\n", "416" },
        { "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */10\r\nContent-Length: 0\r\n\r\n", "although" },
        { "HTTP/1.1 200 OK\r\nContent-Length: 20\r\nContent-Type: text/html\r\n\r\n<html>portal</html> ", "text/html" },
        { "HTTP/1.1 200 OK\r\n\r\n0123456789", "neither Content-Length" },
        { "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n012", "broke off" },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n", "broke off" },
        { "SSH-2.0-OpenSSH_9.2\r\n", "no valid answer" },
        { "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", "" },
        { "", "cannot be read" },
    };

    [Theory]
    [MemberData(nameof(WrongAnswers))]
    public async Task A_wrong_answer_to_a_range_is_an_error(string answer, string fault)
    {
        await using var server = new MisbehavingServer(request => request.WriteAsync(answer));
        await using HttpZarrStore origin = Open(server);
        Exception error = (await Record.ExceptionAsync(async () => await origin.GetBytesAsync("u", ByteRange.Slice(2, 3), Ct)))!;
        Assert.IsAssignableFrom<StoreException>(error);
        Assert.Contains(fault, error.Message);
        Assert.InRange(server.Requests.Count, 1, 20);
    }

    [Fact]
    public async Task A_body_that_is_longer_than_announced_is_cut_and_its_connection_not_used_again()
    {
        await using var server = new MisbehavingServer(request => request.WriteAsync($"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{Body}HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nxxx"));
        await using HttpZarrStore origin = Open(server);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal("0123456789"u8.ToArray(), await origin.GetBytesAsync("u", ct: Ct));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_that_breaks_off_is_continued_where_it_broke(bool reset)
    {
        await using var server = new MisbehavingServer(async request =>
        {
            int from = RangeStart(request.Text);
            if (from > 0)
            {
                Assert.Contains("If-Match: \"v1\"\r\n", request.Text);
            }

            string status = from == 0 ? "200 OK" : $"206 Partial Content\r\nContent-Range: bytes {from}-9/10";
            await request.WriteAsync($"HTTP/1.1 {status}\r\nETag: \"v1\"\r\nContent-Length: {10 - from}\r\n\r\n{Body.Substring(from, Math.Min(4, 10 - from))}");
            if (reset)
            {
                request.Reset();
            }
        });
        var log = new ListLogger();
        await using var origin = new HttpZarrStore(server.BaseAddress, new HttpZarrStoreOptions { RetryDelay = TimeSpan.Zero, MaxResumptions = 12, Logger = log });
        Assert.Equal("0123456789"u8.ToArray(), await origin.GetBytesAsync("u", ct: Ct));
        Assert.Contains(log.Lines, line => line.StartsWith("Continuation", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("HTTP/1.1 206 Partial Content\r\nETag: \"v2\"\r\nContent-Range: bytes {0}-9/10\r\nContent-Length: {1}\r\n\r\nxxxxxxxxxx")]
    [InlineData("HTTP/1.1 206 Partial Content\r\nETag: \"v1\"\r\nContent-Range: bytes {0}-9/11\r\nContent-Length: {1}\r\n\r\nxxxxxxxxxx")]
    [InlineData("HTTP/1.1 200 OK\r\nETag: \"v2\"\r\nContent-Length: 10\r\n\r\nxxxxxxxxxx")]
    [InlineData("HTTP/1.1 412 Precondition Failed\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */2\r\nContent-Length: 0\r\n\r\n")]
    public async Task An_object_that_changed_meanwhile_is_never_mixed_with_what_it_was(string second)
    {
        await using var server = new MisbehavingServer(async request =>
        {
            int from = RangeStart(request.Text);
            await request.WriteAsync(from == 0
                ? $"HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 10\r\n\r\n{Body[..4]}"
                : string.Format(CultureInfo.InvariantCulture, second, from, 10 - from));
        });
        await using HttpZarrStore origin = Open(server);
        await using ReadResult result = await origin.GetAsync("u", default, Ct);
        await Assert.ThrowsAsync<ObjectChangedException>(async () => await result.ReadAsync(new byte[10], Ct));
    }

    [Theory]
    [InlineData("")]
    [InlineData("ETag: W/\"v1\"\r\n")]
    public async Task Without_a_strong_tag_nothing_is_continued(string tag)
    {
        await using var server = new MisbehavingServer(request => request.WriteAsync($"HTTP/1.1 200 OK\r\n{tag}Content-Length: 10\r\n\r\n0123"));
        await using HttpZarrStore origin = Open(server);
        await using ReadResult result = await origin.GetAsync("u", default, Ct);
        var error = await Assert.ThrowsAsync<StoreException>(async () => await result.ReadAsync(new byte[10], Ct));
        Assert.Contains("after 4 of 10 bytes", error.Message);
        Assert.IsType<IOException>(error.InnerException, exactMatch: false);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Continuations_are_bounded()
    {
        await using var server = new MisbehavingServer(async request =>
        {
            int from = RangeStart(request.Text);
            string status = from == 0 ? "200 OK" : $"206 Partial Content\r\nContent-Range: bytes {from}-9/10";
            await request.WriteAsync($"HTTP/1.1 {status}\r\nETag: \"v1\"\r\nContent-Length: {10 - from}\r\n\r\n");
        });
        await using HttpZarrStore origin = Open(server);
        await Assert.ThrowsAsync<StoreException>(async () => await origin.GetBytesAsync("u", ct: Ct));
        Assert.Equal(1 + new HttpZarrStoreOptions().MaxResumptions, server.Requests.Count);
    }

    [Fact]
    public async Task An_endless_body_ends_at_the_limit()
    {
        await using var server = new MisbehavingServer(async request =>
        {
            await request.WriteAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            while (true)
            {
                await request.WriteAsync("1000\r\n" + new string('x', 0x1000) + "\r\n");
            }
        });
        await using var origin = new HttpZarrStore(server.BaseAddress, new HttpZarrStoreOptions { MaxUnsizedBody = 1 << 20 });
        Assert.Contains("MaxUnsizedBody", (await Assert.ThrowsAsync<StoreException>(async () => await origin.GetBytesAsync("u", ct: Ct))).Message);
    }

    [Fact]
    public async Task A_body_of_one_byte_a_second_ends()
    {
        var time = new FakeTimeProvider();
        await using var server = new MisbehavingServer(async request =>
        {
            await request.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
            while (true)
            {
                await request.WriteAsync("x");
                time.Advance(TimeSpan.FromSeconds(1));
            }
        });
        await using var origin = new HttpZarrStore(server.BaseAddress, new HttpZarrStoreOptions { TimeProvider = time, MaxRetries = 0, HeadersTimeout = TimeSpan.FromDays(1), TotalTimeout = TimeSpan.FromDays(1) });
        var error = await Assert.ThrowsAsync<StoreException>(async () => await origin.GetBytesAsync("u", ct: Ct));
        Assert.IsType<TimeoutException>(error.InnerException);
        Assert.Contains("stalled", error.Message);
    }

    [Fact]
    public async Task A_body_that_stands_still_ends()
    {
        var time = new FakeTimeProvider();
        await using var server = new MisbehavingServer(async request =>
        {
            await request.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123");
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, request.Stop);
        });
        await using var origin = new HttpZarrStore(server.BaseAddress, new HttpZarrStoreOptions { TimeProvider = time });
        await using ReadResult result = await origin.GetAsync("u", default, Ct);
        await result.ReadAsync(new byte[4], Ct);
        Task rest = result.ReadAsync(new byte[6], Ct).AsTask();
        time.Advance(TimeSpan.FromSeconds(31));
        Assert.IsType<TimeoutException>((await Assert.ThrowsAsync<StoreException>(() => rest)).InnerException);
    }

    [Fact]
    public async Task An_origin_that_takes_a_request_and_says_nothing_is_given_up()
    {
        var time = new FakeTimeProvider();
        await using var server = new MisbehavingServer(async request =>
        {
            time.Advance(TimeSpan.FromSeconds(31)); // past the time-out for the headers; the wait for the repetition has none to pass
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, request.Stop);
        });
        await using var origin = new HttpZarrStore(server.BaseAddress, new HttpZarrStoreOptions { TimeProvider = time, RetryDelay = TimeSpan.Zero, MaxRetries = 2 });
        var error = await Assert.ThrowsAsync<OriginUnavailableException>(async () => await origin.GetBytesAsync("u", ct: Ct));
        Assert.Contains("00:00:30", error.Message);
        Assert.Equal(3, server.Requests.Count);
    }

    [Fact]
    public async Task All_attempts_together_have_a_time_limit()
    {
        var time = new FakeTimeProvider();
        await using var server = new MisbehavingServer(async request =>
        {
            time.Advance(TimeSpan.FromSeconds(61));
            await request.WriteAsync("HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n");
        });
        await using var origin = new HttpZarrStore(
            server.BaseAddress,
            new HttpZarrStoreOptions { TimeProvider = time, RetryDelay = TimeSpan.Zero, MaxRetries = 20, HeadersTimeout = TimeSpan.FromDays(1), TotalTimeout = TimeSpan.FromMinutes(2) });
        await Assert.ThrowsAsync<OriginUnavailableException>(async () => await origin.GetBytesAsync("u", ct: Ct));
        Assert.InRange(server.Requests.Count, 1, 3);
    }

    private static HttpZarrStore Open(MisbehavingServer server) =>
        new(server.BaseAddress, new HttpZarrStoreOptions { RetryDelay = TimeSpan.Zero, MaxRetries = 2 });

    private static int RangeStart(string request)
    {
        int at = request.IndexOf("Range: bytes=", StringComparison.Ordinal);
        return at < 0 ? 0 : int.Parse(request[(at + 13)..].Split('-')[0], CultureInfo.InvariantCulture);
    }
}
