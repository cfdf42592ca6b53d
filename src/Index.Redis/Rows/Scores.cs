using System.Globalization;
using StackExchange.Redis;

namespace ZarrCache.Index.Redis;

/// <summary>What sorted sets are scored by, as text: Lua would round it.</summary>
internal static class Scores
{
    /// <summary>
    /// A score is a double, exact for integers up to 2^53: ticks since 2020 are exact from 1991 to 2048, and to a
    /// ten-millionth of a second or two for long after.
    /// </summary>
    private static readonly long Epoch = new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc).Ticks;

    public static RedisValue OfPriority(double priority) => priority.ToString("R", CultureInfo.InvariantCulture);

    public static RedisValue OfAccess(DateTimeOffset at) => at.UtcTicks - Epoch;
}
