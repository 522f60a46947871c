import type { AutoscalerConfig } from '../../src/config.js';
import type { DriverPolicy } from '../policy/schema.js';
import { Told } from '../told.js';
import { CommandDriver } from './command.js';
import { DockerDriver } from './docker.js';
import type { Driver } from './driver.js';
import { NoDriver } from './none.js';
import { ProcessDriver, supervisorAt } from './process.js';

/** The driver that the policy names. @throws Told when it lacks something */
export function openDriver(policy: DriverPolicy, config: AutoscalerConfig): Driver {
  switch (policy.type) {
    case 'none':
      return new NoDriver();
    case 'command':
      return new CommandDriver(policy, config.environment);
    case 'docker':
      return new DockerDriver(policy);
    case 'process': {
      const socket = policy.socket ?? config.HOKM_SUPERVISOR_SOCKET;
      if (socket === undefined) {
        throw new Told(
          'The process driver needs driver.socket in the policy, or HOKM_SUPERVISOR_SOCKET: the control_socket of cluster.json.',
        );
      }
      return new ProcessDriver(supervisorAt(socket));
    }
  }
}
