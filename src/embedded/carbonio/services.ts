/** The services of the backup module: itself, and the Real Time Scanner. The scanner's name here is synthetic. */
import type { OperationQueue } from './operations/queue';
import type { Properties } from './properties';
import { Refusal } from './refusal';

export const SERVICES = ['module', 'RealTime Scanner'] as const;
export type Service = (typeof SERVICES)[number];

const SCANNER = 'ZxBackup_RealTimeScanner';

export class Services {
  private moduleRuns: boolean;

  constructor(
    private readonly properties: Properties,
    private readonly host: string,
    private readonly queue: OperationQueue,
  ) {
    this.moduleRuns =
      properties.get('server', host, 'ZxBackup_ModuleEnabledAtStartup').value.toUpperCase() === 'TRUE';
  }

  isRunning(service: Service): boolean {
    if (service === 'module') return this.moduleRuns;
    return (
      this.moduleRuns && this.properties.get('server', this.host, SCANNER).value.toUpperCase() === 'TRUE'
    );
  }

  /** Keys are documented. */
  list(): Record<string, unknown> {
    return Object.fromEntries(
      SERVICES.map((service) => {
        const running = this.isRunning(service);
        const hindered = service !== 'module' && !this.moduleRuns;
        const why = hindered ? { could_not_start_because: 'the module is not running' } : {};
        return [service, { could_start: !running && !hindered, could_stop: running, running, ...why }];
      }),
    );
  }

  /** @throws Refusal */
  named(name: string): Service {
    const plain = (text: string): string => text.toLowerCase().replaceAll(/[\s_-]/g, '');
    const found = SERVICES.find((service) => plain(service) === plain(name));
    if (found === undefined) throw new Refusal(`no such service: ${name}`);
    return found;
  }

  /** @throws Refusal when it runs already, or cannot */
  start(service: Service): void {
    if (this.isRunning(service)) throw new Refusal(`service ${service} is already running`);
    if (service === 'module') this.moduleRuns = true;
    else if (!this.moduleRuns)
      throw new Refusal(`service ${service} could not start: the module is not running`);
    else this.properties.set('server', this.host, SCANNER, 'TRUE');
  }

  /** Stopping the module stops its operations. @throws Refusal when it does not run */
  stop(service: Service): void {
    if (!this.isRunning(service)) throw new Refusal(`service ${service} is not running`);
    if (service === 'module') {
      this.moduleRuns = false;
      this.queue.stopAll();
    } else this.properties.set('server', this.host, SCANNER, 'FALSE');
  }
}
