using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Http;
using Xunit;
using ZarrCache.Conformance.Http;

namespace ZarrCache.Core.Tests.Http;

/// <summary>The origin over real HTTP, before a server that behaves.</summary>
public sealed class HttpZarrStoreTests : IAsyncLifetime
{
    private readonly MemoryStore _store = new();
    private LoopbackServer _server = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await LoopbackServer.StartAsync(_store, Ct);
        await _store.SetAsync("u/c/0", "0123456789"u8.ToArray(), Ct);
        await _store.SetAsync("empty", Array.Empty<byte>(), Ct);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData("u/c/0", "0123456789")]
    [InlineData("empty", "")]
    [InlineData("missing", null)]
    public async Task A_value_is_read_and_a_missing_one_is_absent(string key, string? expected)
    {
        await using HttpZarrStore origin = Open();
        byte[]? bytes = await origin.GetBytesAsync(key, ct: Ct);
        Assert.Equal(expected, bytes is null ? null : Encoding.ASCII.GetString(bytes));
    }

    public static TheoryData<ByteRange, string> Ranges => new()
    {
        { ByteRange.All, "0123456789" },
        { ByteRange.From(7), "789" },
        { ByteRange.Slice(2, 3), "234" },
        { ByteRange.Slice(8, 100), "89" },
        { ByteRange.Suffix(4), "6789" },
        { ByteRange.Suffix(40), "0123456789" },
    };

    [Theory]
    [MemberData(nameof(Ranges))]
    public async Task Ranges_are_read_from_a_server_that_knows_them_and_from_one_that_does_not(ByteRange range, string expected)
    {
        await using HttpZarrStore origin = Open();
        foreach (bool knowsRanges in new[] { true, false })
        {
            _server.Intercept = (context, answer) =>
            {
                if (!knowsRanges)
                {
                    context.Request.Headers.Remove("Range");
                }

                return answer(context);
            };
            await using ReadResult result = await origin.GetAsync("u/c/0", new ReadOptions(range), Ct);
            Assert.Equal(10, result.Info.Size);
            Assert.Equal(range.Resolve("", 10), (result.Offset, result.Length));
            byte[] bytes = new byte[result.Length];
            await result.ReadAsync(bytes, Ct);
            Assert.Equal(expected, Encoding.ASCII.GetString(bytes));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_range_without_a_byte_is_an_error_with_the_size(bool knowsRanges)
    {
        await using HttpZarrStore origin = Open();
        _server.Intercept = (context, answer) =>
        {
            if (!knowsRanges)
            {
                context.Request.Headers.Remove("Range");
            }

            return answer(context);
        };
        var error = await Assert.ThrowsAsync<RangeNotSatisfiableException>(async () => await origin.GetBytesAsync("u/c/0", ByteRange.From(10), Ct));
        Assert.Equal(10, error.Size);
    }

    [Fact]
    public async Task Conditions_are_sent_and_answered()
    {
        await using HttpZarrStore origin = Open();
        ObjectInfo info = (await origin.GetInfoAsync("u/c/0", Ct))!.Value;
        Assert.Equal(10, info.Size);
        Assert.NotNull(info.LastModified);

        await using ReadResult same = await origin.GetAsync("u/c/0", new ReadOptions(IfNoneMatch: info.ETag), Ct);
        Assert.Equal(ReadStatus.NotModified, same.Status);
        Assert.Equal(info.ETag, same.Info.ETag);
        Assert.Equal(ReadStatus.NotModified, await StatusAsync(origin, new ReadOptions(IfModifiedSince: info.LastModified!.Value.AddHours(1))));
        Assert.Equal(ReadStatus.Found, await StatusAsync(origin, new ReadOptions(IfMatch: info.ETag)));
        Assert.Equal(ReadStatus.PreconditionFailed, await StatusAsync(origin, new ReadOptions(IfMatch: "\"other\"")));
        Assert.Equal(ReadStatus.Found, await StatusAsync(origin, new ReadOptions(IfNoneMatch: "\"other\"")));
    }

    [Fact]
    public async Task A_server_that_ignores_conditions_is_held_to_them()
    {
        await using HttpZarrStore origin = Open();
        ObjectInfo info = (await origin.GetInfoAsync("u/c/0", Ct))!.Value;
        _server.Intercept = (context, answer) =>
        {
            context.Request.Headers.Remove("If-Match");
            context.Request.Headers.Remove("If-None-Match");
            return answer(context);
        };
        Assert.Equal(ReadStatus.PreconditionFailed, await StatusAsync(origin, new ReadOptions(IfMatch: "\"other\"")));
        Assert.Equal(ReadStatus.NotModified, await StatusAsync(origin, new ReadOptions(IfNoneMatch: info.ETag)));
    }

    [Theory]
    [InlineData("a b/c+d/e%2fé")]
    [InlineData("%2e%2e/x")]
    [InlineData("a?b#c/d&e=f")]
    [InlineData("trailing./.hidden/x ")]
    [InlineData("日本/𝄞")]
    public async Task Keys_arrive_as_they_are(string key)
    {
        await _store.SetAsync(key, "here"u8.ToArray(), Ct);
        await using HttpZarrStore origin = Open();
        Assert.Equal("here"u8.ToArray(), await origin.GetBytesAsync(key, ct: Ct));
    }

    [Fact]
    public async Task A_query_of_the_base_is_sent_with_every_request_and_never_shown()
    {
        string? query = null;
        var log = new ListLogger();
        _server.Intercept = (context, _) =>
        {
            query = context.Request.QueryString.Value;
            context.Response.StatusCode = 500;
            return Task.CompletedTask;
        };
        var url = new Uri($"{_server.BaseAddress.Scheme}://user:hunter2@127.0.0.1:{_server.BaseAddress.Port}/?X-Sig=s%2Fcr%2bt%3D");
        await using var origin = new HttpZarrStore(url, Fast(log));
        var error = await Assert.ThrowsAsync<StoreException>(async () => await origin.GetAsync("u", default, Ct));
        Assert.Equal("?X-Sig=s%2Fcr%2bt%3D", query);
        Assert.NotEmpty(log.Lines);
        Assert.All([error.ToString(), .. log.Lines], text => Assert.DoesNotContain("Sig", text));
        Assert.All([error.ToString(), .. log.Lines], text => Assert.DoesNotContain("hunter2", text));
    }

    [Fact]
    public async Task Status_codes_mean_what_the_options_say()
    {
        int status = 0;
        _server.Intercept = (context, _) =>
        {
            context.Response.StatusCode = status;
            return Task.CompletedTask;
        };
        await using HttpZarrStore origin = Open();
        await using var lenient = new HttpZarrStore(_server.BaseAddress, new HttpZarrStoreOptions { AbsentStatusCodes = [403] });
        foreach (int absent in new[] { 404, 410 })
        {
            status = absent;
            Assert.Null(await origin.GetBytesAsync("u", ct: Ct));
        }

        foreach (int failure in new[] { 400, 401, 403, 405, 418, 501, 204, 304, 412, 416, 302 })
        {
            status = failure;
            int before = _server.Requests;
            var error = await Assert.ThrowsAsync<StoreException>(async () => await origin.GetBytesAsync("u", ct: Ct));
            Assert.Contains($"answered {failure}", error.Message);
            Assert.Equal(before + 1, _server.Requests);
        }

        status = 403;
        Assert.Null(await lenient.GetBytesAsync("u", ct: Ct));
    }

    [Theory]
    [InlineData(500, typeof(StoreException))]
    [InlineData(502, typeof(StoreException))]
    [InlineData(429, typeof(StoreException))]
    [InlineData(503, typeof(OriginUnavailableException))]
    [InlineData(408, typeof(OriginUnavailableException))]
    public async Task What_may_pass_is_repeated_a_bounded_number_of_times(int status, Type expected)
    {
        int failures = 2;
        _server.Intercept = (context, answer) =>
        {
            if (_server.Requests > failures)
            {
                return answer(context);
            }

            context.Response.StatusCode = status;
            context.Response.Headers.RetryAfter = "0";
            return Task.CompletedTask;
        };
        var log = new ListLogger();
        await using var origin = new HttpZarrStore(_server.BaseAddress, Fast(log));
        Assert.NotNull(await origin.GetBytesAsync("u/c/0", ct: Ct));
        Assert.Equal(3, _server.Requests);
        Assert.Equal(2, log.Lines.Count(line => line.StartsWith("Retry", StringComparison.Ordinal)));

        _server.Reset();
        failures = int.MaxValue;
        Exception error = (await Record.ExceptionAsync(async () => await origin.GetBytesAsync("u/c/0", ct: Ct)))!;
        Assert.IsType(expected, error);
        Assert.Contains($"answered {status}", error.Message);
        Assert.Equal(4, _server.Requests);
    }

    [Fact]
    public async Task An_origin_that_wants_to_be_asked_much_later_is_not_waited_for()
    {
        _server.Intercept = (context, _) =>
        {
            context.Response.StatusCode = 429;
            context.Response.Headers.RetryAfter = "86000";
            return Task.CompletedTask;
        };
        await using HttpZarrStore origin = Open();
        await Assert.ThrowsAsync<StoreException>(async () => await origin.GetBytesAsync("u/c/0", ct: Ct));
        Assert.Equal(1, _server.Requests);
    }

    [Fact]
    public async Task An_origin_that_is_not_there_is_unavailable()
    {
        Uri address = _server.BaseAddress;
        await _server.DisposeAsync();
        await using var origin = new HttpZarrStore(address, Fast());
        var error = await Assert.ThrowsAsync<OriginUnavailableException>(async () => await origin.GetBytesAsync("u", ct: Ct));
        Assert.IsType<HttpRequestException>(error.InnerException);
    }

    [Fact]
    public async Task Html_is_refused_unless_allowed()
    {
        _server.Intercept = (context, _) =>
        {
            context.Response.ContentType = "text/html; charset=utf-8";
            return context.Response.WriteAsync("<html>please log in</html>", Ct);
        };
        await using HttpZarrStore origin = Open();
        Assert.Contains("text/html", (await Assert.ThrowsAsync<StoreException>(async () => await origin.GetBytesAsync("u", ct: Ct))).Message);
        await using var trusting = new HttpZarrStore(_server.BaseAddress, new HttpZarrStoreOptions { AllowHtml = true });
        Assert.NotNull(await trusting.GetBytesAsync("u", ct: Ct));
    }

    [Fact]
    public async Task Another_coding_than_the_one_asked_for_is_refused()
    {
        string? accepted = null;
        _server.Intercept = (context, _) =>
        {
            accepted = context.Request.Headers.AcceptEncoding;
            context.Response.Headers.ContentEncoding = "gzip";
            return context.Response.WriteAsync("x", Ct);
        };
        await using HttpZarrStore origin = Open();
        Assert.Contains("'gzip'", (await Assert.ThrowsAsync<StoreException>(async () => await origin.GetBytesAsync("u", ct: Ct))).Message);
        Assert.Equal("identity", accepted);
    }

    [Fact]
    public async Task A_body_without_a_length_is_held_up_to_a_limit()
    {
        _server.Intercept = (context, _) => context.Response.WriteAsync("0123456789", Ct); // chunked
        await using var origin = new HttpZarrStore(_server.BaseAddress, new HttpZarrStoreOptions { MaxUnsizedBody = 10 });
        Assert.Equal("789"u8.ToArray(), await origin.GetBytesAsync("u", ByteRange.Suffix(3), Ct));
        await using var small = new HttpZarrStore(_server.BaseAddress, new HttpZarrStoreOptions { MaxUnsizedBody = 9 });
        Assert.Contains("MaxUnsizedBody", (await Assert.ThrowsAsync<StoreException>(async () => await small.GetBytesAsync("u", ct: Ct))).Message);
    }

    [Fact]
    public async Task An_answer_that_is_not_read_is_not_downloaded()
    {
        var aborted = new TaskCompletionSource();
        _server.Intercept = async (context, _) =>
        {
            context.Response.ContentLength = 1L << 40;
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.Body.WriteAsync(new byte[1 << 16], CancellationToken.None);
            }

            aborted.SetResult();
        };
        await using HttpZarrStore origin = Open();
        Assert.Equal(1L << 40, (await origin.GetInfoAsync("large", Ct))!.Value.Size);
        await aborted.Task.WaitAsync(Ct);
    }

    [Fact]
    public async Task A_large_value_goes_through_a_pipe()
    {
        byte[] large = new byte[3_000_000];
        new Random(1).NextBytes(large);
        await _store.SetAsync("large", large, Ct);
        await using HttpZarrStore origin = Open();
        await using ReadResult result = await origin.GetAsync("large", default, Ct);
        var pipe = new Pipe();
        Task sending = Task.Run(
            async () =>
            {
                await result.CopyToAsync(pipe.Writer, Ct);
                await pipe.Writer.CompleteAsync();
            },
            Ct);
        var received = new MemoryStream();
        await pipe.Reader.CopyToAsync(received, Ct);
        await sending;
        Assert.Equal(large, received.ToArray());
    }

    [Fact]
    public async Task No_more_reads_are_under_way_than_there_are_connections()
    {
        int current = 0;
        int most = 0;
        _server.Intercept = async (context, answer) =>
        {
            int now = Interlocked.Increment(ref current);
            InterlockedMax(ref most, now);
            await Task.Yield();
            await answer(context);
            Interlocked.Decrement(ref current);
        };
        await using var origin = new HttpZarrStore(_server.BaseAddress, new HttpZarrStoreOptions { MaxConnections = 2 });
        await Task.WhenAll(Enumerable.Range(0, 50).Select(async _ => Assert.NotNull(await origin.GetBytesAsync("u/c/0", ct: Ct))));
        Assert.InRange(most, 1, 2);
        Assert.Equal(50, _server.Requests);

        static void InterlockedMax(ref int most, int value)
        {
            for (int seen = Volatile.Read(ref most); value > seen; seen = Volatile.Read(ref most))
            {
                Interlocked.CompareExchange(ref most, value, seen);
            }
        }
    }

    [Fact]
    public async Task A_caller_that_gives_up_is_let_go_and_its_connection_with_it()
    {
        var asked = new TaskCompletionSource();
        _server.Intercept = async (context, answer) =>
        {
            if (_server.Requests == 1)
            {
                asked.SetResult();
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
                return;
            }

            await answer(context);
        };
        await using var origin = new HttpZarrStore(_server.BaseAddress, new HttpZarrStoreOptions { MaxConnections = 1 });
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        Task<byte[]?> read = origin.GetBytesAsync("u/c/0", ct: giveUp.Token).AsTask();
        await asked.Task;
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
        Assert.NotNull(await origin.GetBytesAsync("u/c/0", ct: Ct));
    }

    [Fact]
    public async Task Writing_and_listing_are_refused_in_a_clear_sentence()
    {
        await using HttpZarrStore origin = Open();
        Assert.Contains("read-only", (await Assert.ThrowsAsync<NotSupportedException>(async () => await origin.SetAsync("a", new byte[1], Ct))).Message);
        Assert.Contains("read-only", (await Assert.ThrowsAsync<NotSupportedException>(async () => await origin.EraseAsync("a"))).Message);
        Assert.Contains("read-only", (await Assert.ThrowsAsync<NotSupportedException>(async () => await origin.ClearAsync(Ct))).Message);
        Assert.Contains("cannot list", Assert.Throws<NotSupportedException>(() => origin.ListAsync(Ct)).Message);
        Assert.Contains("cannot list", Assert.Throws<NotSupportedException>(() => origin.ListDirAsync()).Message);
    }

    private static HttpZarrStoreOptions Fast(ListLogger? log = null) => new() { MaxRetries = 3, RetryDelay = TimeSpan.Zero, Logger = log };

    private static async Task<ReadStatus> StatusAsync(HttpZarrStore origin, ReadOptions options)
    {
        await using ReadResult result = await origin.GetAsync("u/c/0", options, Ct);
        return result.Status;
    }

    private HttpZarrStore Open() => new(_server.BaseAddress, Fast());
}
