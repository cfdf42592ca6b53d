using System.Buffers;
using System.Globalization;
using Amazon.Runtime;
using Amazon.S3.Model;
using Microsoft.Extensions.Logging;

namespace ZarrCache.Storage.S3;

/// <summary>
/// Writes objects: with one request, or in parts that become an object all at once, or not at all. The bytes are read
/// where they lie. Thread-safe.
/// </summary>
internal sealed partial class S3Uploads(S3Connection connection)
{
    /// <summary>What S3 allows one object.</summary>
    private const int MostParts = 10_000;

    private const string ContentType = "application/octet-stream";

    private readonly ILogger _logger = connection.Logger;

    private S3StoreOptions Options => connection.Options;

    /// <summary>
    /// The SDK would sign a body piece by piece within the body, which some servers do not know: one hash over all of it is
    /// known to all. Over TLS none is needed.
    /// </summary>
    private bool SignsInPieces => connection.Settings.Endpoint is null;

    private bool? UnsignedBody => connection.Settings is { IsTls: true, Endpoint: not null } ? true : null;

    /// <summary>Writes or replaces an object.</summary>
    /// <returns>Its ETag.</returns>
    /// <exception cref="StoreException">It was not written; what was there remains.</exception>
    public Task<string> WriteAsync(string name, ReadOnlySequence<byte> value, ReadOnlyMemory<byte> record, CancellationToken ct) =>
        value.Length > Options.MultipartThreshold ? WritePartsAsync(name, value, record, ct) : WriteWholeAsync(name, value, record, ct);

    /// <summary>Gives up an upload in parts that nobody ended; it may be gone.</summary>
    /// <returns>How many bytes it held.</returns>
    public async Task<long> RemoveAsync(string name, string upload, CancellationToken ct)
    {
        try
        {
            long bytes = 0;
            var request = new ListPartsRequest { BucketName = connection.Bucket, Key = name, UploadId = upload, RequestPayer = connection.Payer };
            ListPartsResponse page;
            do
            {
                page = await connection.TryAsync(name, Options.HeadersTimeout, (client, token) => client.ListPartsAsync(request, token), ct).ConfigureAwait(false);
                bytes += page.Parts?.Sum(part => part.Size ?? 0) ?? 0;
                request.PartNumberMarker = page.NextPartNumberMarker?.ToString(CultureInfo.InvariantCulture);
            }
            while (page.IsTruncated == true);
            await connection.TryAsync(name, Options.HeadersTimeout, (client, token) => client.AbortMultipartUploadAsync(AbortRequest(name, upload), token), ct).ConfigureAwait(false);
            return bytes;
        }
        catch (AmazonServiceException e) when (e.ErrorCode == "NoSuchUpload")
        {
            return 0;
        }
        catch (AmazonServiceException e)
        {
            throw connection.Failure("give up an upload of", name, e);
        }
    }

    private AbortMultipartUploadRequest AbortRequest(string name, string upload) => new() { BucketName = connection.Bucket, Key = name, UploadId = upload, RequestPayer = connection.Payer };

    private async Task<string> WriteWholeAsync(string name, ReadOnlySequence<byte> value, ReadOnlyMemory<byte> record, CancellationToken ct)
    {
        PutObjectResponse written = await UploadAsync(
            name,
            value,
            (client, body, token) =>
            {
                var request = new PutObjectRequest
                {
                    BucketName = connection.Bucket,
                    Key = name,
                    InputStream = body,
                    AutoCloseStream = false,
                    ContentType = ContentType,
                    UseChunkEncoding = SignsInPieces,
                    DisablePayloadSigning = UnsignedBody,
                    RequestPayer = connection.Payer,
                };
                S3Record.Write(request.Metadata, record);
                return client.PutObjectAsync(request, token);
            },
            ct).ConfigureAwait(false);
        return CheckTag(written.ETag, name);
    }

    private async Task<string> WritePartsAsync(string name, ReadOnlySequence<byte> value, ReadOnlyMemory<byte> record, CancellationToken ct)
    {
        InitiateMultipartUploadResponse begun = await connection.CallAsync(
            "write",
            name,
            Options.HeadersTimeout,
            (client, token) =>
            {
                var request = new InitiateMultipartUploadRequest { BucketName = connection.Bucket, Key = name, ContentType = ContentType, RequestPayer = connection.Payer };
                S3Record.Write(request.Metadata, record);
                return client.InitiateMultipartUploadAsync(request, token);
            },
            ct).ConfigureAwait(false);
        string upload = !string.IsNullOrEmpty(begun.UploadId) ? begun.UploadId : throw Odd(name, "began an upload without giving its id");
        bool isDone = false;
        try
        {
            List<PartETag> parts = await UploadPartsAsync(name, upload, value, ct).ConfigureAwait(false);
            string tag = await CompleteAsync(name, upload, parts, value.Length, ct).ConfigureAwait(false);
            isDone = true;
            return tag;
        }
        finally
        {
            if (!isDone)
            {
                await AbortAsync(name, upload).ConfigureAwait(false);
            }
        }
    }

    private async Task<List<PartETag>> UploadPartsAsync(string name, string upload, ReadOnlySequence<byte> value, CancellationToken ct)
    {
        long size = Math.Max(Options.PartSize, (value.Length + MostParts - 1) / MostParts);
        var parts = new PartETag[(int)((value.Length + size - 1) / size)];
        await Parallel.ForAsync(
            0,
            parts.Length,
            new ParallelOptions { CancellationToken = ct, MaxDegreeOfParallelism = Options.MaxUploads },
            async (part, token) =>
            {
                ReadOnlySequence<byte> bytes = value.Slice(part * size, Math.Min(size, value.Length - (part * size)));
                UploadPartResponse written = await UploadAsync(
                    name,
                    bytes,
                    (client, body, t) => client.UploadPartAsync(
                        new UploadPartRequest
                        {
                            BucketName = connection.Bucket,
                            Key = name,
                            UploadId = upload,
                            PartNumber = part + 1,
                            PartSize = bytes.Length,
                            IsLastPart = part + 1 == parts.Length,
                            InputStream = body,
                            UseChunkEncoding = SignsInPieces,
                            DisablePayloadSigning = UnsignedBody,
                            RequestPayer = connection.Payer,
                        },
                        t),
                    token).ConfigureAwait(false);
                parts[part] = new PartETag(written) { PartNumber = part + 1, ETag = CheckTag(written.ETag, name) };
            }).ConfigureAwait(false);
        return [.. parts];
    }

    /// <summary>Makes the parts an object. When an answer is lost and the repetition finds no upload, the object tells whether the first attempt did it.</summary>
    private async Task<string> CompleteAsync(string name, string upload, List<PartETag> parts, long size, CancellationToken ct)
    {
        int attempts = 0;
        try
        {
            CompleteMultipartUploadResponse done = await connection.TryAsync(
                name,
                Options.UploadTimeout,
                (client, token) =>
                {
                    attempts++;
                    return client.CompleteMultipartUploadAsync(
                        new CompleteMultipartUploadRequest { BucketName = connection.Bucket, Key = name, UploadId = upload, PartETags = parts, RequestPayer = connection.Payer }, token);
                },
                ct).ConfigureAwait(false);
            return !string.IsNullOrEmpty(done.ETag) ? done.ETag

                // Some servers say that it is done, and not of which version; one that means an error says neither.
                : !string.IsNullOrEmpty(done.Location) ? await FindWrittenAsync(name, parts.Count, size, ct).ConfigureAwait(false) ?? throw Odd(name, "took it, and holds something else")
                : throw Odd(name, "took its parts without saying that they are an object");
        }
        catch (AmazonServiceException e) when (e.ErrorCode == "NoSuchUpload" && attempts > 1)
        {
            return await FindWrittenAsync(name, parts.Count, size, ct).ConfigureAwait(false) ?? throw connection.Failure("write", name, e);
        }
        catch (AmazonServiceException e)
        {
            throw connection.Failure("write", name, e);
        }
    }

    /// <summary>The ETag of an object that was made of so many parts and bytes; null if it is another one.</summary>
    private async Task<string?> FindWrittenAsync(string name, int parts, long size, CancellationToken ct)
    {
        GetObjectMetadataResponse found = await connection.CallAsync(
            "look at",
            name,
            Options.HeadersTimeout,
            (client, token) => client.GetObjectMetadataAsync(new GetObjectMetadataRequest { BucketName = connection.Bucket, Key = name, RequestPayer = connection.Payer }, token),
            ct).ConfigureAwait(false);
        return found.ContentLength == size && found.ETag?.EndsWith(string.Create(CultureInfo.InvariantCulture, $"-{parts}\""), StringComparison.Ordinal) == true ? found.ETag : null;
    }

    /// <summary>Gives the parts back, whoever gave up: what cannot be done now, the sweep does.</summary>
    private async Task AbortAsync(string name, string upload)
    {
        try
        {
            await connection.CallAsync(
                "give up the upload of",
                name,
                Options.HeadersTimeout,
                (client, token) => client.AbortMultipartUploadAsync(AbortRequest(name, upload), token),
                CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (e is StoreException or ObjectDisposedException)
        {
            LogNotAborted(_logger, e, connection.Describe(name));
        }
    }

    /// <summary>One upload in its turn, read from its first byte for each attempt. A fault of the bytes themselves is thrown as it is.</summary>
    private async Task<T> UploadAsync<T>(string name, ReadOnlySequence<byte> bytes, Func<Amazon.S3.IAmazonS3, Stream, CancellationToken, Task<T>> upload, CancellationToken ct)
    {
        await connection.Uploads.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            return await connection.CallAsync(
                "write",
                name,
                Options.UploadTimeout,
                async (client, token) =>
                {
                    using var body = new SequenceStream(bytes);
                    try
                    {
                        return await upload(client, body, token).ConfigureAwait(false);
                    }
                    catch (Exception) when (body.Fault is { } fault)
                    {
                        throw new StoreException($"Cannot write {connection.Describe(name)}: its bytes cannot be read. {fault.Message}", fault);
                    }
                },
                ct).ConfigureAwait(false);
        }
        finally
        {
            connection.Uploads.Release();
        }
    }

    /// <summary>A server that took the bytes says as which version; one that answers 200 and means an error does not.</summary>
    private string CheckTag(string? tag, string name) => !string.IsNullOrEmpty(tag) ? tag : throw Odd(name, "took it without giving an ETag");

    private StoreException Odd(string name, string what) => new($"Cannot write {connection.Describe(name)}: the server {what}, so that it is not known what it holds.");

    [LoggerMessage(Level = LogLevel.Warning, Message = "The parts of an upload of {Place} could not be removed; the sweep of the cache removes them.")]
    private static partial void LogNotAborted(ILogger logger, Exception exception, string place);
}
