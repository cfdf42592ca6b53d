using System.Net;
using Xunit;

namespace ZarrCache.Server.Tests;

/// <summary>Origins that fail, files that are damaged, clients that leave.</summary>
public sealed class FailureTests
{
    [Theory]
    [InlineData(500, 502)]
    [InlineData(503, 502)]
    [InlineData(403, 502)]
    [InlineData(401, 502)]
    [InlineData(504, 504)]
    [InlineData(408, 504)]
    public async Task An_origin_that_fails_is_502_or_504_with_the_reason_and_never_404(int origin, int expected)
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        gateway.Origin.Intercept = (context, _) =>
        {
            context.Response.StatusCode = origin;
            return Task.CompletedTask;
        };
        using HttpResponseMessage response = await gateway.GetAsync("/s/u/0.0").WithStatusAsync((HttpStatusCode)expected);
        Assert.StartsWith("text/plain", response.Header("Content-Type"), StringComparison.Ordinal);
        Assert.Equal("no-store", response.Header("Cache-Control"));
        Assert.Contains($"answered {origin}", await response.TextAsync());
    }

    [Fact]
    public async Task An_origin_that_is_not_there_is_502()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        await gateway.Origin.DisposeAsync();
        using HttpResponseMessage response = await gateway.GetAsync("/s/u/0.0").WithStatusAsync(HttpStatusCode.BadGateway);
        Assert.Contains("cannot be reached", await response.TextAsync());
    }

    [Fact]
    public async Task An_origin_that_is_too_slow_is_504()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(
            url => new GatewayStore("s", url, new HttpZarrStoreOptions { MaxRetries = 0, HeadersTimeout = TimeSpan.FromMilliseconds(100), GetEnvironmentVariable = _ => null }));
        gateway.Origin.Intercept = (context, _) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
        using HttpResponseMessage response = await gateway.GetAsync("/s/u/0.0").WithStatusAsync(HttpStatusCode.GatewayTimeout);
        Assert.Contains("no answer within", await response.TextAsync());
    }

    [Fact]
    public async Task What_is_not_cached_of_a_store_that_is_offline_is_504()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        byte[] value = await gateway.WarmAsync("k", 10);
        gateway.Served.Store.Offline = true;
        Assert.Equal(value, await (await gateway.GetAsync("/s/k").WithStatusAsync(HttpStatusCode.OK)).BytesAsync());
        await gateway.GetAsync("/s/other").WithStatusAsync(HttpStatusCode.GatewayTimeout);
    }

    [Fact]
    public async Task An_answer_past_its_time_says_so()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(url => new GatewayStore("s", url, TestGateway.Impatient) { Options = new CachedStoreOptions { ChunkTimeToLive = TimeSpan.Zero } });
        byte[] value = await gateway.WarmAsync("k", 10);
        gateway.Served.Store.Offline = true;
        using HttpResponseMessage response = await gateway.GetAsync("/s/k").WithStatusAsync(HttpStatusCode.OK);
        Assert.Equal(value, await response.BytesAsync());
        Assert.Equal("110 - \"Response is Stale\"", response.Header("Warning"));
        Assert.Equal("ZarrCache; hit; detail=stale", response.Header("Cache-Status"));
        Assert.Equal("no-store", response.Header("Cache-Control"));
    }

    [Fact]
    public async Task A_block_that_is_damaged_on_disk_is_replaced_by_the_origins()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        byte[] value = await gateway.WarmAsync("k", 3_000_000);
        Damage(gateway, 1_500_000);
        using HttpResponseMessage response = await gateway.GetAsync("/s/k").WithStatusAsync(HttpStatusCode.OK);
        Assert.Equal(value, await response.BytesAsync());
    }

    [Theory]
    [InlineData(1000, null)]
    [InlineData(3_000_000, null)]
    [InlineData(3_000_000, "bytes=200000-2000000")]
    public async Task Where_the_first_block_is_damaged_and_the_origin_gone_the_status_tells(int size, string? range)
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        await gateway.WarmAsync("k", size);
        Damage(gateway, 500);
        await gateway.Origin.DisposeAsync();
        using HttpResponseMessage response = await gateway.GetAsync("/s/k", range is null ? [] : [("Range", range)]).WithStatusAsync(HttpStatusCode.BadGateway);
        Assert.Contains("cannot be reached", await response.TextAsync());
        Assert.Null(response.Header("ETag"));
        Assert.Null(response.Header("Content-Range"));
    }

    [Fact]
    public async Task Where_the_origin_cannot_replace_it_the_answer_is_broken_off_before_a_wrong_byte()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        byte[] value = await gateway.WarmAsync("k", 3_000_000);
        Damage(gateway, 1_500_000);
        await gateway.Origin.DisposeAsync();
        using HttpResponseMessage response = await gateway.GetAsync("/s/k").WithStatusAsync(HttpStatusCode.OK);
        await using Stream body = await response.Content.ReadAsStreamAsync(TestGateway.Ct);
        var received = new MemoryStream();
        await Assert.ThrowsAnyAsync<IOException>(() => body.CopyToAsync(received, TestGateway.Ct));
        Assert.InRange(received.Length, 0, 1 << 20);
        Assert.Equal(value.AsSpan(0, (int)received.Length).ToArray(), received.ToArray());
    }

    [Fact]
    public async Task An_origin_that_breaks_off_breaks_the_answer_off()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(url => new GatewayStore("s", url, new HttpZarrStoreOptions { MaxRetries = 0, MaxResumptions = 0, GetEnvironmentVariable = _ => null }));
        gateway.Origin.Intercept = async (context, _) =>
        {
            context.Response.ContentLength = 1_000_000;
            context.Response.Headers.ETag = "\"1\"";
            await context.Response.Body.WriteAsync(new byte[400_000], context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, context.RequestAborted);
            context.Abort();
        };
        await Assert.ThrowsAnyAsync<HttpRequestException>(async () => await (await gateway.GetAsync("/s/k")).BytesAsync());
    }

    [Fact]
    public async Task An_origin_that_fails_before_its_first_byte_is_told_of_by_the_status()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(url => new GatewayStore("s", url, new HttpZarrStoreOptions { MaxRetries = 0, MaxResumptions = 0, GetEnvironmentVariable = _ => null }));
        gateway.Origin.Intercept = async (context, _) =>
        {
            context.Response.ContentLength = 1_000_000;
            await context.Response.StartAsync(context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, context.RequestAborted);
            context.Abort();
        };
        using HttpResponseMessage response = await gateway.GetAsync("/s/k").WithStatusAsync(HttpStatusCode.BadGateway);
        Assert.Contains("broke off after 0 of 1000000 bytes", await response.TextAsync());
        Assert.Null(response.Header("ETag"));
    }

    [Fact]
    public async Task A_client_that_goes_away_cancels_nothing_that_others_wait_for()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        byte[] value = await gateway.GiveAsync("k", 100_000);
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        gateway.Origin.Intercept = async (context, answer) =>
        {
            asked.TrySetResult();
            await goOn.Task.WaitAsync(context.RequestAborted);
            await answer(context);
        };
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(TestGateway.Ct);
        Task<byte[]> leaver = gateway.Client.GetByteArrayAsync(new Uri("/s/k", UriKind.Relative), leaving.Token);
        await asked.Task.WaitAsync(TestGateway.Ct);
        Task<byte[]> stayer = gateway.Client.GetByteArrayAsync(new Uri("/s/k", UriKind.Relative), TestGateway.Ct);
        while (gateway.Served.Store.Statistics.OriginRequests < 1 || gateway.RequestsUnderWay < 2)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, TestGateway.Ct);
        }

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaver);
        goOn.SetResult();
        Assert.Equal(value, await stayer);
        Assert.Equal(1, gateway.Origin.Requests);
    }

    [Fact]
    public async Task A_stop_finishes_what_is_under_way_and_flushes_the_index()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        byte[] value = await gateway.GiveAsync("k", 5_000_000);
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        gateway.Origin.Intercept = async (context, answer) =>
        {
            asked.TrySetResult();
            await goOn.Task.WaitAsync(context.RequestAborted);
            await answer(context);
        };
        Task<byte[]> read = gateway.Client.GetByteArrayAsync(new Uri("/s/k", UriKind.Relative), TestGateway.Ct);
        await asked.Task.WaitAsync(TestGateway.Ct);
        Task stopping = gateway.StopServerAsync();
        goOn.SetResult();
        Assert.Equal(value, await read);
        await stopping;
        await gateway.StopGatewayAsync();

        await gateway.StartGatewayAsync();
        using HttpResponseMessage again = await gateway.GetAsync("/s/k").WithStatusAsync(HttpStatusCode.OK);
        Assert.Equal("ZarrCache; hit", again.Header("Cache-Status"));
        Assert.Equal(value, await again.BytesAsync());
        Assert.Equal(1, gateway.Origin.Requests);
    }

    [Fact]
    public async Task More_requests_than_allowed_are_told_to_come_back()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(configure: options => options.MaxConcurrentRequests = 1);
        await gateway.GiveAsync("k", 10);
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        gateway.Origin.Intercept = async (context, answer) =>
        {
            asked.TrySetResult();
            await goOn.Task.WaitAsync(context.RequestAborted);
            await answer(context);
        };
        Task<HttpResponseMessage> first = gateway.GetAsync("/s/k");
        await asked.Task.WaitAsync(TestGateway.Ct);
        using HttpResponseMessage second = await gateway.GetAsync("/s/k").WithStatusAsync(HttpStatusCode.ServiceUnavailable);
        Assert.Equal("1", second.Header("Retry-After"));
        goOn.SetResult();
        (await first.WithStatusAsync(HttpStatusCode.OK)).Dispose();
    }

    private static void Damage(TestGateway gateway, long at)
    {
        using FileStream file = File.Open(Path.Combine(gateway.Chunks, "k"), FileMode.Open, FileAccess.ReadWrite);
        file.Position = at;
        int old = file.ReadByte();
        file.Position = at;
        file.WriteByte((byte)~old);
    }
}
