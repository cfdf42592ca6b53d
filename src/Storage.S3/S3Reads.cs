using System.Net;
using System.Net.Http.Headers;
using Amazon.Runtime;
using Amazon.S3.Model;

namespace ZarrCache.Storage.S3;

/// <summary>Asks for objects of one prefix: GET and HEAD, and what their answers mean. Thread-safe.</summary>
internal sealed class S3Reads(S3Connection connection, S3Names names) : IRemoteTransport
{
    /// <summary>
    /// What the SDK is asked for where all of an object is wanted. Without a range it takes the ETag for the MD5 of the body: it
    /// hashes each body for that, which costs more than the download, and fails where a server makes its ETags in another way.
    /// The server is not told of the range (<see cref="S3Connection"/> takes it out again): some need a step more for one.
    /// </summary>
    public const string Whole = "bytes=0-";

    private S3StoreOptions Options => connection.Options;

    /// <inheritdoc/>
    public async Task<RemoteReply> SendAsync(string key, ReadOptions read, CancellationToken ct)
    {
        string name = names.ToName(key);
        if (!S3Names.Fits(name))
        {
            return Without(HttpStatusCode.NotFound); // no bucket has it
        }

        try
        {
            // A HEAD has no body to tell one 403 from another.
            return read.HeadersOnly && !Options.AbsentStatusCodes.Contains((int)HttpStatusCode.Forbidden)
                ? ReplyOf(await HeadAsync(name, read, ct).ConfigureAwait(false))
                : await GetAsync(name, read, ct).ConfigureAwait(false);
        }
        catch (AmazonServiceException e)
        {
            return await ReplyToAsync(name, read, e, ct).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public string Describe(string key) => connection.Describe(names.ToName(key));

    /// <summary>What is absent by the options is a 404 by the time it is asked.</summary>
    public bool IsAbsent(int status) => status == (int)HttpStatusCode.NotFound;

    /// <summary>The record that travels with an object; empty if there is none.</summary>
    /// <exception cref="StoreException">The server failed.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> GetRecordAsync(string key, CancellationToken ct)
    {
        string name = names.ToName(key);
        if (!S3Names.Fits(name))
        {
            return default;
        }

        try
        {
            GetObjectMetadataResponse found = await HeadAsync(name, default, ct).ConfigureAwait(false);
            return S3Record.Read(found.Metadata);
        }
        catch (AmazonServiceException e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            await CheckBucketAsync(name, ct).ConfigureAwait(false);
            return default;
        }
        catch (AmazonServiceException e)
        {
            throw connection.Failure("read the record of", name, e);
        }
    }

    /// <summary>What an object is now; null if it is not there.</summary>
    /// <exception cref="StoreException">The server failed.</exception>
    public async ValueTask<ObjectInfo?> FindAsync(string key, CancellationToken ct)
    {
        RemoteReply reply = await SendAsync(key, new ReadOptions(HeadersOnly: true), ct).ConfigureAwait(false);
        reply.Owner.Dispose();
        RemoteAnswer answer = RemoteAnswer.Of(reply.Headers, key, default, IsAbsent(reply.Headers.Status), Describe(key));
        return answer.Status == ReadStatus.Found ? answer.Info : null;
    }

    private async Task<RemoteReply> GetAsync(string name, ReadOptions read, CancellationToken ct)
    {
        GetObjectResponse found = await connection.TryAsync(
            name,
            Options.HeadersTimeout,
            (client, token) => client.GetObjectAsync(
                new GetObjectRequest
                {
                    BucketName = connection.Bucket,
                    Key = name,
                    ByteRange = new Amazon.S3.Model.ByteRange(read.Range.IsAll ? Whole : read.Range.ToString()),
                    EtagToMatch = read.IfMatch,
                    EtagToNotMatch = read.IfNoneMatch,
                    ModifiedSinceDate = read.IfNoneMatch is null ? read.IfModifiedSince?.UtcDateTime : null,
                    RequestPayer = connection.Payer,
                },
                token),
            ct).ConfigureAwait(false);
        var headers = new AnswerHeaders
        {
            Status = (int)found.HttpStatusCode,
            ContentLength = found.Headers["Content-Length"] is null ? null : found.ContentLength,
            IsDelimited = true,
            ContentRange = ContentRangeHeaderValue.TryParse(found.ContentRange, out ContentRangeHeaderValue? range) ? range : null,
            IsPage = found.ETag is null && found.Headers.ContentType?.StartsWith("text/html", StringComparison.OrdinalIgnoreCase) == true,
            ETag = found.ETag,
            LastModified = LastModified(found.LastModified),
        };
        return new RemoteReply(headers, found.ResponseStream, found);
    }

    private RemoteReply ReplyOf(GetObjectMetadataResponse found) => new(
        new AnswerHeaders { Status = (int)HttpStatusCode.OK, ContentLength = found.ContentLength, ETag = found.ETag, LastModified = LastModified(found.LastModified) }, Stream.Null, Stream.Null);

    private Task<GetObjectMetadataResponse> HeadAsync(string name, ReadOptions read, CancellationToken ct) => connection.TryAsync(
        name,
        Options.HeadersTimeout,
        (client, token) => client.GetObjectMetadataAsync(
            new GetObjectMetadataRequest
            {
                BucketName = connection.Bucket,
                Key = name,
                EtagToMatch = read.IfMatch,
                EtagToNotMatch = read.IfNoneMatch,
                ModifiedSinceDate = read.IfNoneMatch is null ? read.IfModifiedSince?.UtcDateTime : null,
                RequestPayer = connection.Payer,
            },
            token),
        ct);

    /// <summary>What a refusal means; what means nothing here is a failure.</summary>
    private async ValueTask<RemoteReply> ReplyToAsync(string name, ReadOptions read, AmazonServiceException e, CancellationToken ct)
    {
        switch (e.StatusCode)
        {
            case HttpStatusCode.NotModified or HttpStatusCode.PreconditionFailed when read.IsConditional:
                string? tag = S3Connection.HeaderOf(e, "ETag") ?? (e.StatusCode == HttpStatusCode.NotModified ? read.IfNoneMatch : null);
                return Without(e.StatusCode) with { Headers = new AnswerHeaders { Status = (int)e.StatusCode, ETag = tag } };

            case HttpStatusCode.NotFound when e.ErrorCode is "NoSuchKey":
                return Without(HttpStatusCode.NotFound);

            case HttpStatusCode.NotFound when read.HeadersOnly && e.ErrorCode is "NotFound":
                await CheckBucketAsync(name, ct).ConfigureAwait(false);
                return Without(HttpStatusCode.NotFound);

            case HttpStatusCode.RequestedRangeNotSatisfiable when !read.Range.IsAll:
                // An S3 server need not say how long the object is.
                GetObjectMetadataResponse found = await connection.CallAsync(
                    "look at",
                    name,
                    Options.HeadersTimeout,
                    (client, token) => client.GetObjectMetadataAsync(new GetObjectMetadataRequest { BucketName = connection.Bucket, Key = name, RequestPayer = connection.Payer }, token),
                    ct).ConfigureAwait(false);
                return Without(e.StatusCode) with { Headers = new AnswerHeaders { Status = (int)e.StatusCode, ContentRange = new ContentRangeHeaderValue(found.ContentLength) } };

            // Only that the object may not be seen; a key or a signature that is wrong is a failure.
            case HttpStatusCode.Forbidden when Options.AbsentStatusCodes.Contains((int)e.StatusCode) && e.ErrorCode is "AccessDenied":
            case not (HttpStatusCode.Forbidden or HttpStatusCode.NotFound) when Options.AbsentStatusCodes.Contains((int)e.StatusCode):
                return Without(HttpStatusCode.NotFound);

            default:
                throw connection.Failure("read", name, e);
        }
    }

    /// <summary>A 404 without a body may be of the object or of the bucket: once in a connection's life the bucket is asked for.</summary>
    private async ValueTask CheckBucketAsync(string name, CancellationToken ct)
    {
        if (!connection.SawBucket)
        {
            await connection.CallAsync("look at", name, Options.HeadersTimeout, (client, token) => client.ListObjectsV2Async(names.ListRequest(connection, "", null, 1), token), ct).ConfigureAwait(false);
        }
    }

    private DateTimeOffset? LastModified(DateTime? at) => Options.LastModified && at is { } time ? new DateTimeOffset(time.ToUniversalTime(), TimeSpan.Zero) : null;

    private static RemoteReply Without(HttpStatusCode status) => new(new AnswerHeaders { Status = (int)status }, Stream.Null, Stream.Null);
}
