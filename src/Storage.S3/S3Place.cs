using System.Buffers;
using System.Text;

namespace ZarrCache.Storage.S3;

/// <summary>
/// The place of a cache in a bucket. A cache erases what it does not know, so it must not lie where somebody else's objects
/// do: an empty place is marked as the cache's, by an object <c>.zarrcache</c>, and one that holds anything but has no mark is
/// refused. Asked once; thread-safe.
/// </summary>
internal sealed class S3Place(string prefix)
{
    private const string Mark = ".zarrcache";

    private static readonly byte[] Text = Encoding.UTF8.GetBytes("Chunks of a ZarrCache: what lies here may be erased at any time. Without this mark the cache refuses the place.\n");

    private volatile bool _isOwn;

    /// <summary>Sees to it that the place is the cache's own; O(1), and without a request once it is known to be.</summary>
    /// <exception cref="StoreException">It is not, or cannot be asked.</exception>
    public async ValueTask ClaimAsync(S3Connection connection, CancellationToken ct)
    {
        if (_isOwn || await IsOwnAsync(connection, ct).ConfigureAwait(false))
        {
            _isOwn = true;
            return;
        }

        await new S3Uploads(connection).WriteAsync(prefix + Mark, new ReadOnlySequence<byte>(Text), default, ct).ConfigureAwait(false);
        _isOwn = true;
    }

    /// <summary>Whether the place has the mark; false if it is empty.</summary>
    /// <exception cref="StoreException">It has none and is not empty, or cannot be asked.</exception>
    public async ValueTask<bool> IsOwnAsync(S3Connection connection, CancellationToken ct)
    {
        var names = new S3Names(prefix);
        var reads = new S3Reads(connection, names);
        if (await reads.FindAsync(Mark, ct).ConfigureAwait(false) is not null)
        {
            return true;
        }

        await foreach (S3Page page in new S3Listing(connection, names).PagesAsync("", "/", ct).ConfigureAwait(false))
        {
            if ((page.Items.Select(item => item.Name).FirstOrDefault(name => name != prefix) ?? (page.Prefixes is [var first, ..] ? first : null)) is { } other)
            {
                // Another process may have made it its own in between.
                return await reads.FindAsync(Mark, ct).ConfigureAwait(false) is not null
                    ? true
                    : throw new StoreException($"{connection.Describe(prefix)} holds '{other}' and is no place of a cache: it would be erased. Give a prefix of its own, such as s3://{connection.Bucket}/{prefix}zarr-cache/{StoreOpener.Placeholder}.zarr.");
            }
        }

        return false;
    }
}
