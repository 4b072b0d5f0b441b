import { awsError, type BoundaryCall, type BoundaryReply } from './boundary.ts'
import { chooseFault, type FaultCounts, type FaultKind } from './faults.ts'
import type { Invocation, InvocationSpec, Outcome } from './invocation.ts'
import type { Journal } from './journal.ts'
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'
import { inside } from './virtual-time.ts'
import type { ColdStart, Handler, HandlerName } from './workers.ts'

/** What a service does by itself: a batch in part, or answering 500, whether or not it has done what was asked. */
export type PerformedFault = 'partial_batch' | 'server_error'
/** Carries a call out. */
export type Perform = (call: BoundaryCall, fault?: PerformedFault) => BoundaryReply | Promise<BoundaryReply>

export type MachineOptions = {
  scheduler: Scheduler
  coldStart: ColdStart
  perform: Perform
  journal: Journal
  faults: { enabled: ReadonlySet<FaultKind>; counts: FaultCounts }
  /** For what holds for the whole episode: how far the workers' clocks are off. */
  random: Random
}

/** An invocation as whoever has asked for it sees it. */
export type Invoked = { isOver: boolean; checkAfterwards: () => void }

type Worker = {
  number: number
  skewMilliseconds: number
  busy: Set<HandlerName>
  warm: Map<HandlerName, Handler>
}
type Carried = { reply?: BoundaryReply; error?: Error }

const LONGEST_INVOCATION_MILLISECONDS = 30_000
const USUAL_LATENCY_MILLISECONDS = 8
const DELAYS_MILLISECONDS = [300, 2_000, 9_000, 40_000, 700_000, 7_200_000]
const SKEWS_MILLISECONDS = [0, 0, 40, -1_500, 90_000, -90_000]

/**
 * Workers that run handlers, and the way of every call that they make. Each call is on its way, is carried out, and its reply is on its
 * way back; where others come between, where a fault strikes and when the worker dies is chosen by the seed of the step.
 */
export class Machine {
  operationCount = 0
  /** Set for each step. */
  random: Random
  faultPercent = 0
  private readonly options: MachineOptions
  private readonly workers: Worker[] = []
  private readonly onTheWay = new Set<number>()
  private callCount = 0

  constructor(options: MachineOptions) {
    this.options = options
    this.random = options.random
  }

  isEnabled(kind: FaultKind): boolean {
    return this.faultPercent > 0 && this.options.faults.enabled.has(kind)
  }

  count(kind: FaultKind): void {
    this.options.faults.counts[kind] += 1
  }

  /** Hands it to a worker after a while; the returned state says when it is over. */
  invoke(spec: InvocationSpec, afterMilliseconds: number): Invoked {
    const { scheduler, journal } = this.options
    const state: Invoked = { isOver: false, checkAfterwards: () => undefined }
    this.operationCount += 1
    scheduler.after(afterMilliseconds, () => {
      const worker = this.workerFor(spec.handler)
      const handler = worker.warm.get(spec.handler) ?? this.options.coldStart(spec.handler)
      worker.warm.set(spec.handler, handler)
      worker.busy.add(spec.handler)
      const label = `${spec.label} on worker ${worker.number}`
      const end = (outcome: Outcome) => {
        if (state.isOver) return
        state.isOver = true
        invocation.isRunning = false
        callOff()
        worker.busy.delete(spec.handler)
        if (outcome.kind === 'lost') worker.warm.delete(spec.handler)
        journal.note(`  ${label} ${describeOutcome(outcome)}`)
        state.checkAfterwards = endOf(spec, outcome)
      }
      const invocation = this.invocationOn(worker, label, end)
      const callOff = scheduler.after(LONGEST_INVOCATION_MILLISECONDS, () => {
        journal.note(`  ${label}: takes too long`)
        end({ kind: 'lost' })
      })
      scheduler.watch(invocation)
      const hadFaults = () => invocation.faultCount > 0
      inside.run(invocation, () => {
        handler(spec.event(), {}).then(
          (value) => end({ kind: 'answered', value, hadFaults: hadFaults() }),
          (error: unknown) => end({ kind: 'threw', error, hadFaults: hadFaults() }),
        )
      })
    })
    return state
  }

  private workerFor(handler: HandlerName): Worker {
    const free = this.workers.filter(({ busy }) => !busy.has(handler))
    if (free.length > 0 && (free.length > 1 || this.workers.length > 3)) return this.random.pick(free)
    const { enabled } = this.options.faults
    const skewMilliseconds = enabled.has('clock_skew') ? this.options.random.pick(SKEWS_MILLISECONDS) : 0
    const worker = {
      number: this.workers.length + 1,
      skewMilliseconds,
      busy: new Set<HandlerName>(),
      warm: new Map(),
    }
    this.workers.push(worker)
    return worker
  }

  private invocationOn(worker: Worker, label: string, end: (outcome: Outcome) => void): Invocation {
    const { scheduler } = this.options
    const isSkewed = this.isEnabled('clock_skew') && worker.skewMilliseconds !== 0
    if (isSkewed) this.count('clock_skew')
    const skewMilliseconds = isSkewed ? worker.skewMilliseconds : 0
    const invocation: Invocation = {
      label,
      isRunning: true,
      pendingCount: 0,
      faultCount: 0,
      end,
      nowMilliseconds: () => scheduler.nowMilliseconds + skewMilliseconds,
      random: () => this.random.next(),
      wakeAfter: (milliseconds, wake) => {
        let isWaiting = true
        invocation.pendingCount += 1
        const stop = () => {
          if (isWaiting) invocation.pendingCount -= 1
          isWaiting = false
        }
        const cancel = scheduler.after(milliseconds, () => {
          if (!invocation.isRunning) return
          stop()
          inside.run(invocation, wake)
        })
        return () => {
          cancel()
          stop()
        }
      },
      carry: (call) => this.carry(invocation, call),
    }
    return invocation
  }

  private carry(invocation: Invocation, call: BoundaryCall): Promise<BoundaryReply> {
    // The process keeps it for all its workers: whether it is asked for at all depends on other episodes.
    if (call.service === 'secretsmanager') return Promise.resolve(this.options.perform(call))
    const { scheduler } = this.options
    return new Promise((resolve, reject) => {
      // A dead worker asks for nothing.
      if (!invocation.isRunning) return
      const fault = chooseFault(call, this.options.faults.enabled, this.faultPercent, this.random)
      if (fault) {
        invocation.faultCount += 1
        this.count(fault)
      }
      const number = this.callCount++
      this.onTheWay.add(number)
      invocation.pendingCount += 1
      scheduler.after(
        fault === 'delay' ? this.random.pick(DELAYS_MILLISECONDS) : this.latency(),
        async () => {
          this.onTheWay.delete(number)
          if (!invocation.isRunning && fault !== 'delay') return
          if (this.isEnabled('reorder') && this.isOvertaking(number)) this.count('reorder')
          const carried = await this.carryOut(invocation, call, fault)
          if (!carried) return
          scheduler.after(this.latency() / 2, () => {
            if (!invocation.isRunning) return
            invocation.pendingCount -= 1
            if (carried.reply) resolve(carried.reply)
            else reject(carried.error!)
          })
        },
      )
    })
  }

  /** Undefined when the worker dies of it. */
  private async carryOut(
    invocation: Invocation,
    call: BoundaryCall,
    fault: FaultKind | undefined,
  ): Promise<Carried | undefined> {
    const { journal, perform } = this.options
    const note = (what: string) =>
      journal.note(`    ${invocation.label}: ${call.operation} ${what}`, Boolean(fault))
    switch (fault) {
      case 'call_lost':
        note('is lost')
        return { error: Object.assign(new Error('no reply came'), { name: 'TimeoutError' }) }
      case 'throttle':
        note('is throttled')
        return { reply: awsError('ThrottlingException', 'slow down') }
      case 'conflict':
        note('meets a conflict')
        return { reply: conflictOf(call) }
      case 'worker_killed': {
        const isAfter = this.random.chance(50)
        if (isAfter) await perform(call)
        note(`${isAfter ? 'is carried out, then' : 'is not even sent:'} the worker dies`)
        invocation.end({ kind: 'lost' })
        return undefined
      }
    }
    if (fault === 'duplicate') await perform(call)
    const isPerformed = fault === 'partial_batch' || fault === 'server_error'
    const reply = await perform(call, isPerformed ? fault : undefined)
    if (reply.isFault && !fault) invocation.faultCount += 1
    note(`${fault ?? ''} → ${reply.status}`)
    if (fault !== 'reply_lost') return { reply }
    return { error: Object.assign(new Error('the connection broke'), { code: 'ECONNRESET' }) }
  }

  private latency(): number {
    return this.isEnabled('reorder') ? 1 + this.random.below(20) : USUAL_LATENCY_MILLISECONDS
  }

  private isOvertaking(number: number): boolean {
    for (const other of this.onTheWay) if (other < number) return true
    return false
  }
}

/** What an outcome is found to violate comes out when the step is over, and not in the middle of the code that has caused it. */
function endOf(spec: InvocationSpec, outcome: Outcome): () => void {
  try {
    return spec.end(outcome) ?? (() => undefined)
  } catch (error) {
    return () => {
      throw error
    }
  }
}

function conflictOf({ operation, body }: BoundaryCall): BoundaryReply {
  const message = 'Transaction is ongoing for the item'
  if (operation !== 'TransactWriteItems') return awsError('TransactionConflictException', message)
  const { TransactItems } = JSON.parse(body) as { TransactItems: unknown[] }
  const CancellationReasons = TransactItems.map((_, index) =>
    index === 0 ? { Code: 'TransactionConflict', Message: message } : { Code: 'None' },
  )
  return awsError('TransactionCanceledException', 'Transaction cancelled', { CancellationReasons })
}

function describeOutcome(outcome: Outcome): string {
  if (outcome.kind === 'lost') return 'never answers'
  if (outcome.kind === 'threw') return `throws ${outcome.error}`
  const { statusCode, body, batchItemFailures } = (outcome.value ?? {}) as {
    statusCode?: number
    body?: string
    batchItemFailures?: unknown[]
  }
  if (batchItemFailures)
    return batchItemFailures.length > 0 ? `gives ${batchItemFailures.length} back` : 'is done'
  if (statusCode === undefined) return 'is done'
  const { code, transaction, sequence } = body ? (JSON.parse(body) as Record<string, unknown>) : {}
  const number = transaction ?? sequence
  return `answers ${statusCode}${code ? ` ${code}` : ''}${number === undefined ? '' : ` as #${number}`}`
}
