using System.Net;
using System.Xml;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace ZarrCache.Storage.S3;

/// <summary>Removes objects, one or a thousand with a request. Thread-safe.</summary>
internal sealed class S3Erasure(S3Connection connection)
{
    /// <summary>What one request may name.</summary>
    private const int MostAtOnce = 1000;

    /// <summary>Requests at once where a server knows no batches.</summary>
    private const int Parallelism = 8;

    /// <summary>Whether the server was found to know none.</summary>
    private volatile bool _oneByOne;

    private S3StoreOptions Options => connection.Options;

    /// <summary>Removes an object; that there is none is no error.</summary>
    public async Task EraseAsync(string name, CancellationToken ct) => await connection.CallAsync(
        "erase",
        name,
        Options.HeadersTimeout,
        (client, token) => client.DeleteObjectAsync(new DeleteObjectRequest { BucketName = connection.Bucket, Key = name, RequestPayer = connection.Payer }, token),
        ct).ConfigureAwait(false);

    /// <summary>Removes objects.</summary>
    /// <exception cref="StoreException">Some are still there; the message names one and says how many.</exception>
    public async Task EraseAsync(IReadOnlyList<string> names, CancellationToken ct)
    {
        foreach (string[] batch in names.Chunk(MostAtOnce))
        {
            // A name that XML cannot spell cannot stand in a batch.
            ILookup<bool, string> inBatch = batch.ToLookup(name => !_oneByOne && name.All(c => XmlConvert.IsXmlChar(c) || char.IsSurrogate(c)));
            IEnumerable<string> single = inBatch[false];
            if (inBatch[true].Any() && !await TryBatchAsync([.. inBatch[true]], ct).ConfigureAwait(false))
            {
                single = batch;
            }

            await Parallel.ForEachAsync(
                single,
                new ParallelOptions { CancellationToken = ct, MaxDegreeOfParallelism = Parallelism },
                async (name, token) => await EraseAsync(name, token).ConfigureAwait(false)).ConfigureAwait(false);
        }
    }

    /// <returns>False if the server knows no batches, or not the check sum that the SDK sends with one.</returns>
    private async Task<bool> TryBatchAsync(string[] names, CancellationToken ct)
    {
        DeleteObjectsResponse answer;
        try
        {
            answer = await connection.TryAsync(
                names[0],
                Options.HeadersTimeout,
                (client, token) => client.DeleteObjectsAsync(
                    new DeleteObjectsRequest { BucketName = connection.Bucket, Objects = [.. names.Select(name => new KeyVersion { Key = name })], RequestPayer = connection.Payer }, token),
                ct).ConfigureAwait(false);
        }
        catch (DeleteObjectsException e)
        {
            answer = e.Response;
        }
        catch (AmazonServiceException e) when (e.StatusCode is HttpStatusCode.NotImplemented or HttpStatusCode.MethodNotAllowed || e.ErrorCode is "MissingContentMD5" or "InvalidRequest" or "InvalidDigest" or "MalformedXML")
        {
            _oneByOne = true;
            return false;
        }
        catch (AmazonServiceException e)
        {
            throw connection.Failure("erase", names[0], e);
        }

        int failed = names.Length - (answer.DeletedObjects?.Count ?? 0);
        return failed <= 0 ? true : throw new StoreException(answer.DeleteErrors is [var first, ..]
            ? $"{failed} of {names.Length} objects could not be erased, the first {connection.Describe(first.Key)}: {first.Code} {first.Message}".TrimEnd()
            : $"The server says of {failed} of {names.Length} objects not that they were erased, among them maybe {connection.Describe(names[0])}.");
    }
}
