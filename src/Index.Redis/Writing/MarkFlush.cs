using System.Diagnostics.CodeAnalysis;

namespace ZarrCache.Index.Redis;

/// <summary>Writes the accesses that wait in memory, and what the policy remembers. One flush at a time.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The semaphore has no wait handle: it holds nothing, and disposing of it would race with who waits.")]
internal sealed class MarkFlush(IndexContext context)
{
    private readonly SemaphoreSlim _one = new(1, 1);

    /// <param name="policyToo">Whether to write what the policy remembers too, which may be a mebibyte.</param>
    /// <param name="ct">Gives up.</param>
    public async ValueTask RunAsync(bool policyToo, CancellationToken ct)
    {
        await _one.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            if (context.Marks.Take() is { } taken)
            {
                await WriteAsync(taken, ct).ConfigureAwait(false);
            }

            await context.Policy.SaveAsync(context, all: policyToo, ct).ConfigureAwait(false);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Those of each store together; what could not be written waits again.</summary>
    private async ValueTask WriteAsync(Dictionary<EntryKey, PendingMark> taken, CancellationToken ct)
    {
        try
        {
            foreach (IGrouping<string, KeyValuePair<EntryKey, PendingMark>> store in taken.GroupBy(mark => mark.Key.StoreId).ToArray())
            {
                KeyValuePair<EntryKey, PendingMark>[] marks = [.. store];
                long?[] versions = new long?[marks.Length];
                await context.Changes.ApplyAsync(
                    context.Keys.For(store.Key),
                    [.. marks.Select(mark => Place.Of(mark.Key))],
                    (i, entry) =>
                    {
                        // read again because it has changed: if that was a push, it is not what was accessed
                        versions[i] ??= entry.Version;
                        return versions[i] == entry.Version ? context.Policy.Ask(policy => marks[i].Value.ApplyTo(entry, policy)) : null;
                    },
                    ct).ConfigureAwait(false);
                foreach ((EntryKey key, _) in marks)
                {
                    taken.Remove(key);
                }
            }
        }
        catch
        {
            context.Marks.Return(taken);
            throw;
        }

        context.Marks.Recycle(taken);
    }
}
