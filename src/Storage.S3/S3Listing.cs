using System.Net;
using System.Runtime.CompilerServices;
using Amazon.S3;
using Amazon.S3.Model;

namespace ZarrCache.Storage.S3;

/// <summary>Lists what lies below a prefix, page by page.</summary>
internal sealed class S3Listing(S3Connection connection, S3Names names)
{
    /// <summary>The objects whose keys begin with <paramref name="below"/>, a page at a time, somebody else's too.</summary>
    /// <param name="below">What the keys begin with.</param>
    /// <param name="delimiter">Null for all of them; <c>/</c> for what lies directly there and the prefixes of what lies further down.</param>
    /// <param name="ct">Gives up.</param>
    /// <exception cref="StoreException">The server failed, or answered something else than a listing.</exception>
    public async IAsyncEnumerable<S3Page> PagesAsync(string below, string? delimiter, [EnumeratorCancellation] CancellationToken ct)
    {
        string name = names.ToName(below);
        if (!S3Names.Fits(name))
        {
            yield break;
        }

        ListObjectsV2Request request = names.ListRequest(connection, below, delimiter);
        while (true)
        {
            ListObjectsV2Response page = await connection.CallAsync("list", name, connection.Options.HeadersTimeout, (client, token) => client.ListObjectsV2Async(request, token), ct).ConfigureAwait(false);
            if (string.IsNullOrEmpty(page.Name))
            {
                throw new StoreException($"Cannot list {connection.Describe(name)}: the server answered {(int)page.HttpStatusCode} with something else than a listing.");
            }

            bool isEncoded = page.Encoding == EncodingType.Url;
            yield return new S3Page(
                [.. (page.S3Objects ?? []).Select(one => new S3Item(Decode(one.Key, isEncoded), one.Size ?? 0, At(one.LastModified)))],
                [.. (page.CommonPrefixes ?? []).Select(one => Decode(one, isEncoded))]);
            if (page.IsTruncated != true)
            {
                yield break;
            }

            if (string.IsNullOrEmpty(page.NextContinuationToken) || page.NextContinuationToken == request.ContinuationToken)
            {
                throw new StoreException($"Cannot list {connection.Describe(name)}: the server says that there is more, and not how to get it.");
            }

            request.ContinuationToken = page.NextContinuationToken;
        }
    }

    /// <summary>Uploads in parts that nobody has ended. Of plain names: a server may escape those of an upload without saying so, and whoever wrote ours had them in XML.</summary>
    public async IAsyncEnumerable<MultipartUpload> UploadsAsync([EnumeratorCancellation] CancellationToken ct)
    {
        var request = new ListMultipartUploadsRequest { BucketName = connection.Bucket, Prefix = names.Prefix, RequestPayer = connection.Payer };
        while (true)
        {
            ListMultipartUploadsResponse page = await connection.CallAsync(
                "list the uploads of", names.Prefix, connection.Options.HeadersTimeout, (client, token) => client.ListMultipartUploadsAsync(request, token), ct).ConfigureAwait(false);
            foreach (MultipartUpload upload in page.MultipartUploads ?? [])
            {
                yield return upload;
            }

            if (page.IsTruncated != true || (page.NextKeyMarker == request.KeyMarker && page.NextUploadIdMarker == request.UploadIdMarker))
            {
                yield break;
            }

            (request.KeyMarker, request.UploadIdMarker) = (page.NextKeyMarker, page.NextUploadIdMarker);
        }
    }

    /// <summary>When, by the server's clock.</summary>
    public static DateTimeOffset At(DateTime? time) => time is { } at ? new DateTimeOffset(at.ToUniversalTime(), TimeSpan.Zero) : DateTimeOffset.UnixEpoch;

    /// <summary>Amazon writes a space as <c>+</c>, others as <c>%20</c>; a plus sign is <c>%2B</c> everywhere.</summary>
    private static string Decode(string name, bool isEncoded) => isEncoded ? WebUtility.UrlDecode(name) : name;
}

/// <summary>One page of a listing.</summary>
/// <param name="Items">The objects.</param>
/// <param name="Prefixes">What further ones have in common, up to the delimiter.</param>
internal readonly record struct S3Page(IReadOnlyList<S3Item> Items, IReadOnlyList<string> Prefixes);

/// <summary>One object of a listing, by its whole name.</summary>
internal readonly record struct S3Item(string Name, long Size, DateTimeOffset WrittenAt);
