package dev.ponder.strategy.run;

import dev.ponder.strategy.StrategyProperties;
import dev.ponder.strategy.backend.SafeRetry;
import dev.ponder.strategy.log.RunLog;
import java.time.Clock;
import tools.jackson.databind.json.JsonMapper;

/** What every run in progress works with. */
record RunTools(
    RunLog log,
    RunSignals signals,
    RunMetrics metrics,
    SafeRetry retry,
    JsonMapper json,
    Clock clock,
    StrategyProperties settings) {}
