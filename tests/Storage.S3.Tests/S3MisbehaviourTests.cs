using System.Globalization;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using ZarrCache.Conformance.Http;

namespace ZarrCache.Storage.S3.Tests;

/// <summary>Servers that misbehave in ways that a real one will not on demand: never a wrong byte, never a false absence, and always an end.</summary>
public sealed class S3MisbehaviourTests
{
    private const string Body = "0123456789";
    private const string Secret = "s3cret-not-to-be-shown";
    private const string Error = "<?xml version=\"1.0\"?><Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> WrongAnswers => new()
    {
        { "206 Partial Content\r\nContent-Length: 3\r\nContent-Range: bytes 3-5/10\r\n\r\n345", "another range" },
        { "206 Partial Content\r\nContent-Length: 4\r\nContent-Range: bytes 2-5/10\r\n\r\n2345", "another range" },
        { "206 Partial Content\r\nContent-Length: 2\r\nContent-Range: bytes 2-4/10\r\n\r\n23", "contradict" },
        { "206 Partial Content\r\nContent-Length: 3\r\n\r\n234", "Content-Range" },
        { "206 Partial Content\r\nTransfer-Encoding: chunked\r\nContent-Range: bytes 2-4/10\r\n\r\n4\r\n2345\r\n0\r\n\r\n", "more than the 3 bytes" },
        { "206 Partial Content\r\nTransfer-Encoding: chunked\r\nContent-Range: bytes 2-4/10\r\n\r\n2\r\n23\r\n0\r\n\r\n", "shorter" },
        { "200 OK\r\nContent-Length: 10\r\n\r\n012", "broke off" },
        { "200 OK\r\nContent-Length: 20\r\nContent-Type: text/html\r\n\r\n<html>portal</html> ", "text/html" },
        { "404 Not Found\r\nContent-Length: 0\r\n\r\n", "404" },
        { "404 Not Found\r\nContent-Length: 14\r\nContent-Type: text/html\r\n\r\n<html>no page ", "404" },
        { "403 Forbidden\r\nContent-Length: 0\r\n\r\n", "403" },
        { "301 Moved Permanently\r\nx-amz-bucket-region: eu-west-9\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", "eu-west-9" },
        { "400 Bad Request\r\nContent-Length: 0\r\n\r\n", "400" },
    };

    [Theory]
    [MemberData(nameof(WrongAnswers))]
    public async Task A_wrong_answer_to_a_range_is_an_error(string answer, string fault)
    {
        await using var server = new MisbehavingServer(request => request.WriteAsync("HTTP/1.1 " + answer));
        await using S3ZarrStore store = Open(server);
        var error = (await Record.ExceptionAsync(async () => await store.GetBytesAsync("u", ByteRange.Slice(2, 3), Ct)))!;
        Assert.IsType<StoreException>(error, exactMatch: false);
        Assert.Contains(fault, error.Message);
        Assert.Contains($"s3://bucket/p/u at {Root(server).ToString().TrimEnd('/')}", error.Message);
        Assert.DoesNotContain(Secret, error.ToString());
        Assert.InRange(server.Requests.Count, 1, 20);
    }

    [Fact]
    public async Task A_server_that_knows_no_ranges_is_read_all_the_same()
    {
        await using var server = new MisbehavingServer(request => request.WriteAsync($"HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 10\r\n\r\n{Body}"));
        await using S3ZarrStore store = Open(server);
        Assert.Equal("234"u8.ToArray(), await store.GetBytesAsync("u", ByteRange.Slice(2, 3), Ct));
    }

    [Fact]
    public async Task A_body_that_breaks_off_is_continued_under_If_Match()
    {
        await using var server = new MisbehavingServer(async request =>
        {
            int from = RangeStart(request.Text);
            Assert.Equal(from > 0, request.Text.Contains("If-Match: \"v1\"\r\n", StringComparison.OrdinalIgnoreCase));
            string status = from == 0 ? "200 OK" : $"206 Partial Content\r\nContent-Range: bytes {from}-9/10";
            await request.WriteAsync($"HTTP/1.1 {status}\r\nETag: \"v1\"\r\nContent-Length: {10 - from}\r\n\r\n{Body.Substring(from, Math.Min(4, 10 - from))}");
        });
        await using S3ZarrStore store = Open(server);
        Assert.Equal("0123456789"u8.ToArray(), await store.GetBytesAsync("u", ct: Ct));
        Assert.Equal(3, server.Requests.Count);
    }

    [Theory]
    [InlineData("206 Partial Content\r\nETag: \"v2\"\r\nContent-Range: bytes {0}-9/10\r\nContent-Length: {1}\r\n\r\nxxxxxxxxxx")]
    [InlineData("206 Partial Content\r\nETag: \"v1\"\r\nContent-Range: bytes {0}-9/11\r\nContent-Length: {1}\r\n\r\nxxxxxxxxxx")]
    [InlineData("200 OK\r\nETag: \"v2\"\r\nContent-Length: 10\r\n\r\nxxxxxxxxxx")]
    [InlineData("412 Precondition Failed\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("404 Not Found\r\nContent-Type: application/xml\r\nContent-Length: 48\r\n\r\n<Error><Code>NoSuchKey</Code></Error>           ")]
    public async Task An_object_that_changed_meanwhile_is_never_mixed_with_what_it_was(string second)
    {
        await using var server = new MisbehavingServer(async request =>
        {
            int from = RangeStart(request.Text);
            await request.WriteAsync(from == 0
                ? $"HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 10\r\n\r\n{Body[..4]}"
                : "HTTP/1.1 " + string.Format(CultureInfo.InvariantCulture, second, from, 10 - from));
        });
        await using S3ZarrStore store = Open(server);
        await using ReadResult result = await store.GetAsync("u", default, Ct);
        await Assert.ThrowsAsync<ObjectChangedException>(async () => await result.ReadAsync(new byte[10], Ct));
    }

    [Fact]
    public async Task A_503_without_end_has_one()
    {
        var log = new ListLogger();
        await using var server = new MisbehavingServer(request => request.WriteAsync("HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\n\r\n"));
        await using S3ZarrStore store = Open(server, log: log);
        var error = await Assert.ThrowsAsync<OriginUnavailableException>(async () => await store.GetBytesAsync("u", ct: Ct));
        Assert.Contains("503", error.Message);
        Assert.Equal(1 + 2, server.Requests.Count);
        Assert.Equal(2, log.Lines.Count(line => line.StartsWith("Retry ", StringComparison.Ordinal)));
        await Assert.ThrowsAsync<OriginUnavailableException>(async () => await store.SetAsync("u", new byte[100], Ct));
        await Assert.ThrowsAsync<OriginUnavailableException>(async () => await store.ListAsync(Ct).ToListAsync(Ct));
        Assert.Equal(3 * 3, server.Requests.Count);
    }

    [Theory]
    [InlineData("0", true)]
    [InlineData("86000", false)]
    public async Task How_long_to_wait_is_the_servers_to_say(string seconds, bool passes)
    {
        await using var server = new MisbehavingServer(request => request.WriteAsync(request.Number == 1
            ? $"HTTP/1.1 503 Slow Down\r\nRetry-After: {seconds}\r\nContent-Length: 0\r\n\r\n"
            : $"HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 10\r\n\r\n{Body}"));
        await using var store = new S3ZarrStore(
            "s3://bucket/p",
            new S3StoreOptions { Endpoint = Root(server), AccessKeyId = "key", SecretAccessKey = Secret, RetryDelay = TimeSpan.FromHours(1), MaxRetryDelay = TimeSpan.FromHours(1) });
        Exception? error = await Record.ExceptionAsync(async () => await store.GetBytesAsync("u", ct: Ct));
        Assert.Equal(passes, error is null);
        Assert.Equal(passes ? 2 : 1, server.Requests.Count);
    }

    [Fact]
    public async Task A_server_that_failed_twice_in_a_row_is_left_alone_for_a_while()
    {
        var time = new FakeTimeProvider();
        bool down = true;
        await using var server = new MisbehavingServer(request => request.WriteAsync(
            down ? "HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\n\r\n" : $"HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 10\r\n\r\n{Body}"));
        await using var store = new S3ZarrStore(
            "s3://bucket/p",
            new S3StoreOptions { Endpoint = Root(server), AccessKeyId = "key", SecretAccessKey = Secret, MaxRetries = 0, BreakDuration = TimeSpan.FromSeconds(10), TimeProvider = time });
        for (int i = 0; i < 5; i++)
        {
            await Assert.ThrowsAsync<OriginUnavailableException>(async () => await store.GetBytesAsync("u", ct: Ct));
        }

        Assert.Equal(2, server.Requests.Count);
        down = false;
        time.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal(10, (await store.GetBytesAsync("u", ct: Ct))!.Length);
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
        await using S3ZarrStore store = Open(server, time, patience: TimeSpan.FromDays(1));
        var error = await Assert.ThrowsAsync<StoreException>(async () => await store.GetBytesAsync("u", ct: Ct));
        Assert.Contains("stalled", error.Message);
    }

    [Fact]
    public async Task A_server_that_takes_a_request_and_says_nothing_is_given_up()
    {
        var time = new FakeTimeProvider();
        await using var server = new MisbehavingServer(async request =>
        {
            time.Advance(TimeSpan.FromSeconds(31));
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, request.Stop);
        });
        await using S3ZarrStore store = Open(server, time, patience: TimeSpan.FromSeconds(30));
        Assert.Contains("00:00:30", (await Assert.ThrowsAsync<OriginUnavailableException>(async () => await store.GetBytesAsync("u", ct: Ct))).Message);
        Assert.Equal(3, server.Requests.Count);
    }

    [Fact]
    public async Task An_endless_body_ends_at_the_limit()
    {
        await using var server = new MisbehavingServer(async request =>
        {
            await request.WriteAsync("HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nTransfer-Encoding: chunked\r\n\r\n");
            while (true)
            {
                await request.WriteAsync("1000\r\n" + new string('x', 0x1000) + "\r\n");
            }
        });
        await using var store = new S3ZarrStore("s3://bucket", new S3StoreOptions { Endpoint = Root(server), AccessKeyId = "key", SecretAccessKey = Secret, MaxUnsizedBody = 1 << 20 });
        Assert.Contains("MaxUnsizedBody", (await Assert.ThrowsAsync<StoreException>(async () => await store.GetBytesAsync("u", ct: Ct))).Message);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: {0}\r\n\r\n{1}")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")]
    public async Task A_200_that_means_an_error_is_one(string form)
    {
        string answer = string.Format(CultureInfo.InvariantCulture, form, Error.Length, Error);
        await using var server = new MisbehavingServer(request => request.WriteAsync(answer));
        await using S3ZarrStore store = Open(server);
        await Assert.ThrowsAsync<StoreException>(async () => await store.SetAsync("u", new byte[10], Ct));
        await Assert.ThrowsAsync<StoreException>(async () => await store.SetAsync("u", new byte[20 << 20], Ct));
        await Assert.ThrowsAsync<StoreException>(async () => await store.ListAsync(Ct).ToListAsync(Ct));
        await Assert.ThrowsAsync<StoreException>(async () => await store.ErasePrefixAsync("", Ct));
        Assert.InRange(server.Requests.Count, 4, 40);
    }

    [Fact]
    public async Task A_batch_that_erased_less_than_it_was_asked_to_is_an_error()
    {
        const string List = "<ListBucketResult><Name>bucket</Name><IsTruncated>false</IsTruncated><Contents><Key>p/a</Key><Size>1</Size></Contents><Contents><Key>p/b</Key><Size>1</Size></Contents></ListBucketResult>";
        const string Deleted = "<DeleteResult><Deleted><Key>p/a</Key></Deleted><Error><Key>p/b</Key><Code>AccessDenied</Code><Message>no</Message></Error></DeleteResult>";
        await using var server = new MisbehavingServer(request => request.WriteAsync(Xml(request.Text.StartsWith("GET", StringComparison.Ordinal) ? List : Deleted)));
        await using S3ZarrStore store = Open(server);
        var error = await Assert.ThrowsAsync<StoreException>(async () => await store.ErasePrefixAsync("", Ct));
        Assert.Contains("1 of 2", error.Message);
        Assert.Contains("s3://bucket/p/b", error.Message);
        Assert.Contains("AccessDenied", error.Message);
    }

    [Fact]
    public async Task Where_there_are_no_batches_objects_are_erased_one_by_one()
    {
        const string List = "<ListBucketResult><Name>bucket</Name><IsTruncated>false</IsTruncated><Contents><Key>p/a</Key><Size>1</Size></Contents><Contents><Key>p/b</Key><Size>1</Size></Contents></ListBucketResult>";
        await using var server = new MisbehavingServer(request => request.WriteAsync(
            request.Text.StartsWith("GET", StringComparison.Ordinal) ? Xml(List)
            : request.Text.StartsWith("POST", StringComparison.Ordinal) ? "HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\n\r\n"
            : "HTTP/1.1 204 No Content\r\n\r\n"));
        await using S3ZarrStore store = Open(server);
        await store.ErasePrefixAsync("", Ct);
        Assert.Equal(["DELETE /bucket/p/a", "DELETE /bucket/p/b"], server.Requests.Where(request => request.StartsWith("DELETE", StringComparison.Ordinal)).Select(Line).Order());
    }

    [Fact]
    public async Task Who_does_not_ask_whether_there_was_a_value_removes_it_with_one_request()
    {
        await using var server = new MisbehavingServer(request => request.WriteAsync("HTTP/1.1 204 No Content\r\n\r\n"));
        await using S3ZarrStore store = Open(server);
        await store.DiscardAsync("a", Ct);
        await store.DiscardAsync(new string('n', ZarrKey.MaxBytes), Ct); // with its prefix too long for S3
        Assert.Equal(["DELETE /bucket/p/a"], server.Requests.Select(Line));
    }

    [Fact]
    public async Task A_listing_that_never_ends_is_an_error()
    {
        const string List = "<ListBucketResult><Name>bucket</Name><IsTruncated>true</IsTruncated><NextContinuationToken>again</NextContinuationToken></ListBucketResult>";
        await using var server = new MisbehavingServer(request => request.WriteAsync(Xml(List)));
        await using S3ZarrStore store = Open(server);
        Assert.Contains("more", (await Assert.ThrowsAsync<StoreException>(async () => await store.ListAsync(Ct).ToListAsync(Ct))).Message);
        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public async Task An_upload_in_parts_that_fails_is_given_up()
    {
        await using var server = new MisbehavingServer(request => request.WriteAsync(
            request.Text.StartsWith("POST", StringComparison.Ordinal) ? Xml("<InitiateMultipartUploadResult><Bucket>bucket</Bucket><Key>p/u</Key><UploadId>id1</UploadId></InitiateMultipartUploadResult>")
            : request.Text.StartsWith("DELETE", StringComparison.Ordinal) ? "HTTP/1.1 204 No Content\r\n\r\n"
            : request.Text.Contains("partNumber=2", StringComparison.Ordinal) ? "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
            : "HTTP/1.1 200 OK\r\nETag: \"e\"\r\nContent-Length: 0\r\n\r\n"));
        await using S3ZarrStore store = Open(server);
        Assert.Contains("400", (await Assert.ThrowsAsync<StoreException>(async () => await store.SetAsync("u", new byte[20 << 20], Ct))).Message);
        Assert.Equal("DELETE /bucket/p/u?uploadId=id1", Line(server.Requests[^1]));
    }

    [Fact]
    public async Task Who_pays_and_who_asks_is_told()
    {
        await using var server = new MisbehavingServer(request => request.WriteAsync($"HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 10\r\n\r\n{Body}"));
        await using var store = new S3ZarrStore(
            $"s3://bucket/p?requester-pays=true&endpoint={Root(server)}", new S3StoreOptions { AccessKeyId = "key", SecretAccessKey = Secret, UserAgent = "my-gateway" });
        await store.GetBytesAsync("u", ct: Ct);
        Assert.Contains("x-amz-request-payer: requester", server.Requests[0]);
        Assert.Contains("app/my-gateway", server.Requests[0]);
        Assert.Contains("Credential=key/", server.Requests[0]);
    }

    [Fact]
    public async Task A_custom_endpoint_gets_no_check_sum_trailer_unless_it_is_asked_for()
    {
        await using var server = new MisbehavingServer(request => request.WriteAsync("HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 0\r\n\r\n"));
        await using S3ZarrStore store = Open(server);
        await store.SetAsync("u", new byte[10], Ct);
        Assert.DoesNotContain("x-amz-trailer", server.Requests[0], StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("aws-chunked", server.Requests[0], StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("x-amz-checksum", server.Requests[0], StringComparison.OrdinalIgnoreCase);
        await using var asked = new S3ZarrStore(
            "s3://bucket/p", new S3StoreOptions { Endpoint = Root(server), AccessKeyId = "key", SecretAccessKey = Secret, RequestChecksums = S3RequestChecksums.WhenSupported, LastModified = false });
        await asked.SetAsync("u", new byte[10], Ct);
        Assert.Contains("x-amz-checksum-crc32", server.Requests[^1], StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Anonymous_requests_are_not_signed()
    {
        await using var server = new MisbehavingServer(request => request.WriteAsync($"HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 10\r\n\r\n{Body}"));
        await using var byAddress = new S3ZarrStore($"s3://bucket/p?anonymous=true&endpoint={Root(server)}");
        await byAddress.GetBytesAsync("u", ct: Ct);
        await using var byEnvironment = new S3ZarrStore(
            "s3://bucket/p",
            new S3StoreOptions { GetEnvironmentVariable = name => name switch { "AWS_ENDPOINT_URL" => Root(server).ToString(), "AWS_NO_SIGN_REQUEST" => "YES", "AWS_REQUEST_PAYER" => "requester", _ => null } });
        await byEnvironment.GetBytesAsync("u", ct: Ct);
        Assert.All(server.Requests, request => Assert.DoesNotContain("Authorization", request));
        Assert.Contains("x-amz-request-payer: requester", server.Requests[1]);
    }

    private static S3ZarrStore Open(MisbehavingServer server, TimeProvider? time = null, TimeSpan? patience = null, ListLogger? log = null) => new(
        "s3://bucket/p",
        new S3StoreOptions
        {
            Endpoint = Root(server),
            AccessKeyId = "key",
            SecretAccessKey = Secret,
            RetryDelay = TimeSpan.Zero,
            MaxRetries = 2,
            LastModified = false,
            Logger = log,
            TimeProvider = time ?? TimeProvider.System,
            HeadersTimeout = patience ?? TimeSpan.FromSeconds(30),
            TotalTimeout = patience is { } most ? (most > TimeSpan.FromHours(1) ? most : 10 * most) : TimeSpan.FromMinutes(2),
        });

    private static Uri Root(MisbehavingServer server) => new(server.BaseAddress.GetLeftPart(UriPartial.Authority) + "/");

    private static string Xml(string text) => $"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: {text.Length}\r\n\r\n{text}";

    private static string Line(string request) => string.Join(' ', request.Split('\r')[0].Split(' ')[..2]);

    /// <summary>Where a read begins; all of an object is asked for from byte 0 on.</summary>
    private static int RangeStart(string request)
    {
        int at = request.IndexOf("Range: bytes=", StringComparison.OrdinalIgnoreCase);
        return at < 0 ? 0 : int.Parse(request[(at + 13)..].Split('-')[0], CultureInfo.InvariantCulture);
    }
}
