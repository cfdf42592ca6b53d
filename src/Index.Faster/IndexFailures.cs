using Microsoft.Extensions.Logging;

namespace ZarrCache.Index.Faster;

/// <summary>What becomes of failures: each is ours, with its cause, and damage is remembered for who opens the index next.</summary>
/// <param name="path">The index.</param>
/// <param name="directory">Where damage is written down; null for who only looks, and writes nothing.</param>
/// <param name="logger">Hears of damage that could not be written down.</param>
internal sealed partial class IndexFailures(string path, IndexDirectory? directory, ILogger logger)
{
    /// <summary>Runs it so that every failure is ours.</summary>
    public void Guard(Action work) => Guard(() =>
    {
        work();
        return true;
    });

    /// <inheritdoc cref="Guard(Action)"/>
    public T Guard<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception e) when (Translate(e) is { } failure)
        {
            throw failure;
        }
    }

    /// <summary>What to throw instead; null for what is to go on as it is.</summary>
    public ZarrCacheException? Translate(Exception exception)
    {
        if (exception is CacheFormatException damage)
        {
            Meet(damage);
        }

        return exception is FASTER.core.FasterException or IOException or UnauthorizedAccessException
            ? new ZarrCacheException($"The index '{path}' failed: {exception.Message}", exception)
            : null;
    }

    /// <summary>Remembers damage for who opens the index next.</summary>
    public void Meet(CacheFormatException damage)
    {
        try
        {
            directory?.WriteDamage(damage.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogDamageNotWritten(logger, path, e);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The index {Path} is damaged, and that could not be written down.")]
    private static partial void LogDamageNotWritten(ILogger logger, string path, Exception exception);
}
